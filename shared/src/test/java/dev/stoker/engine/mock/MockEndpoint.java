package dev.stoker.engine.mock;

import java.util.Arrays;
import java.util.Optional;

/** The paths that compute something. */
enum MockEndpoint {
  CHAT("/v1/chat/completions"),
  COMPLETIONS("/v1/completions"),
  RESPONSES("/v1/responses"),
  EMBEDDINGS("/v1/embeddings"),
  MODERATIONS("/v1/moderations"),
  RERANK("/v1/rerank"),
  SCORE("/v1/score");

  private final String path;

  MockEndpoint(String path) {
    this.path = path;
  }

  String path() {
    return path;
  }

  static Optional<MockEndpoint> ofPath(String path) {
    return Arrays.stream(values()).filter(endpoint -> endpoint.path.equals(path)).findFirst();
  }
}

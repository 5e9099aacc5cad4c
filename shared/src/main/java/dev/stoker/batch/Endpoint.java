package dev.stoker.batch;

import java.util.Arrays;
import java.util.Optional;

/** The urls that a batch may name, as OpenAI's Batch API lists them. */
public enum Endpoint {
  RESPONSES("/v1/responses", "input"),
  CHAT_COMPLETIONS("/v1/chat/completions", "messages"),
  EMBEDDINGS("/v1/embeddings", "input"),
  COMPLETIONS("/v1/completions", "prompt"),
  MODERATIONS("/v1/moderations", "input");

  private final String url;
  private final String contentField;

  Endpoint(String url, String contentField) {
    this.url = url;
    this.contentField = contentField;
  }

  public String url() {
    return url;
  }

  /** The body field without which a request of this endpoint makes no sense. */
  public String contentField() {
    return contentField;
  }

  public static Optional<Endpoint> ofUrl(String url) {
    return Arrays.stream(values()).filter(endpoint -> endpoint.url.equals(url)).findFirst();
  }
}

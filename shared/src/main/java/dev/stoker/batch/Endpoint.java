package dev.stoker.batch;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The urls that a batch may name: those that OpenAI's Batch API lists, and as an extension those
 * that vLLM serves for rerankers.
 */
public enum Endpoint {
  RESPONSES("/v1/responses", "input"),
  CHAT_COMPLETIONS("/v1/chat/completions", "messages"),
  EMBEDDINGS("/v1/embeddings", "input"),
  COMPLETIONS("/v1/completions", "prompt"),
  MODERATIONS("/v1/moderations", "input"),
  RERANK("/v1/rerank", "documents"),
  /** Its pairs come as text_1 and text_2, as queries and documents, and more. */
  SCORE("/v1/score", "");

  private static final Map<String, Endpoint> BY_URL =
      Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Endpoint::url, e -> e));

  private final String url;
  private final String contentField;

  Endpoint(String url, String contentField) {
    this.url = url;
    this.contentField = contentField;
  }

  public String url() {
    return url;
  }

  /** The body field without which a request of this endpoint makes no sense, if there is one. */
  public Optional<String> contentField() {
    return Optional.of(contentField).filter(field -> !field.isEmpty());
  }

  public static Optional<Endpoint> ofUrl(String url) {
    return Optional.ofNullable(BY_URL.get(url));
  }
}

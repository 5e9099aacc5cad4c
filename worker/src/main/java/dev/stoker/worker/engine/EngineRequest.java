package dev.stoker.worker.engine;

/**
 * One request for an engine.
 *
 * @param endpoint the path the request names, such as {@code /v1/embeddings}
 * @param model the value of the body's {@code model}
 * @param body the request's JSON object, byte for byte as the client wrote it
 */
public record EngineRequest(String endpoint, String model, byte[] body) {}

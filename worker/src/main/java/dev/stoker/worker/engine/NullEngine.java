package dev.stoker.worker.engine;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** Answers at once and says nothing: what remains is the cost of everything around an engine. */
public final class NullEngine implements Engine {
  private static final String MODEL = "null";
  private static final byte[] BODY =
      "{\"object\":\"null\",\"model\":\"null\"}".getBytes(StandardCharsets.UTF_8);

  @Override
  public Set<String> models() {
    return Set.of(MODEL);
  }

  @Override
  public String loadedModel() {
    return MODEL;
  }

  @Override
  public int slots() {
    return 256;
  }

  @Override
  public EngineReply complete(EngineRequest request, Duration deadline) {
    return new EngineReply.Answered(200, BODY, TokenUsage.NONE, Optional.empty());
  }

  @Override
  public Optional<EngineRequest> canary() {
    return Optional.of(new EngineRequest("/v1/embeddings", MODEL, BODY));
  }

  @Override
  public EngineState probe() {
    return EngineState.READY;
  }

  @Override
  public void close() {}
}

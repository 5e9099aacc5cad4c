package dev.stoker.worker.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.service.EndSignals;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/** A process that computes without an end until it gets a signal, and ends as a worker does. */
final class EndlessLlama {
  private static final String BODY =
      "{\"prompt\":\"e\",\"n\":100,\"max_tokens\":500,\"logit_bias\":{\"2\":-100}}";

  private EndlessLlama() {}

  /**
   * @param arguments the model's file, and a file that is made once requests run
   */
  public static void main(String[] arguments) throws Exception {
    EndSignals.first(() -> Runtime.getRuntime().halt(0));
    LlamaEngine engine =
        new LlamaEngine(
            new LlamaSettings(
                Path.of(arguments[0]), "tiny", 2, 1024, 8, LlamaSettings.Embeddings.NO),
            InstantSource.system(),
            System::nanoTime,
            why -> Runtime.getRuntime().halt(1));
    IntStream.range(0, 8).forEach(_ -> Thread.ofVirtual().start(() -> ask(engine)));
    Until.within(Duration.ofSeconds(20)).holds(() -> engine.loadingSteps() > 100);
    Files.createFile(Path.of(arguments[1]));
    new CountDownLatch(1).await();
  }

  private static void ask(LlamaEngine engine) {
    try {
      while (true) {
        engine.complete(
            new EngineRequest("/v1/completions", "tiny", BODY.getBytes(UTF_8)),
            Duration.ofMinutes(5));
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}

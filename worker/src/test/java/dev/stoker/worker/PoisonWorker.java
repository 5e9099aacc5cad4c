package dev.stoker.worker;

import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import dev.stoker.worker.model.SwappingEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A real worker whose engine answers at once, but for the texts that poison it. Its environment may
 * say, beside what every worker reads:
 *
 * <ul>
 *   <li>{@code POISON_CRASHES}: texts, separated by commas, that end the process at once
 *   <li>{@code POISON_HANGS}: texts that are never answered
 *   <li>{@code POISON_MODEL}: the model that it serves, {@code m} if not said
 *   <li>{@code POISON_SLOTS}: how many requests it takes at once, 64 if not said
 * </ul>
 */
final class PoisonWorker {
  /** As a process ends that aborts. */
  private static final int ABORTED = 134;

  private PoisonWorker() {}

  public static void main(String[] arguments) throws InterruptedException, IOException {
    Worker.start(
        false, _ -> SwappingEngine.of(new PoisonedEngine(System.getenv()), System::nanoTime));
  }

  private static final class PoisonedEngine implements Engine {
    private static final Duration ANSWER_TIME = Duration.ofMillis(5);

    private final List<String> crashes;
    private final List<String> hangs;
    private final String model;
    private final int slots;
    private final CountDownLatch never = new CountDownLatch(1);

    PoisonedEngine(Map<String, String> environment) {
      crashes = inputs(environment.getOrDefault("POISON_CRASHES", ""));
      hangs = inputs(environment.getOrDefault("POISON_HANGS", ""));
      model = environment.getOrDefault("POISON_MODEL", "m");
      slots = Integer.parseInt(environment.getOrDefault("POISON_SLOTS", "64"));
    }

    private static List<String> inputs(String texts) {
      return List.of(texts.split(",", -1)).stream()
          .filter(text -> !text.isEmpty())
          .map(text -> "\"" + text + "\"")
          .toList();
    }

    @Override
    public Set<String> models() {
      return Set.of(model);
    }

    @Override
    public String loadedModel() {
      return model;
    }

    @Override
    public int slots() {
      return slots;
    }

    @Override
    public EngineReply complete(EngineRequest request, Duration deadline)
        throws InterruptedException {
      String body = new String(request.body(), StandardCharsets.UTF_8);
      if (crashes.stream().anyMatch(body::contains)) {
        Runtime.getRuntime().halt(ABORTED);
      }
      boolean hanging = hangs.stream().anyMatch(body::contains);
      Duration time = hanging ? deadline : ANSWER_TIME;
      if (never.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the latch is never counted down");
      }
      return hanging
          ? new EngineReply.TimedOut()
          : new EngineReply.Answered(
              200,
              "{\"object\":\"list\"}".getBytes(StandardCharsets.UTF_8),
              TokenUsage.input(3),
              Optional.empty());
    }

    @Override
    public EngineState probe() {
      return EngineState.READY;
    }

    @Override
    public void close() {}
  }
}

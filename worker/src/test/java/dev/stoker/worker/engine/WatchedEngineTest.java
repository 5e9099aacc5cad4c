package dev.stoker.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.Until;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatchedEngineTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final EngineRequest REQUEST = new EngineRequest("/v1/x", "m", new byte[] {1});
  private static final EngineRequest CANARY = new EngineRequest("/v1/x", "m", new byte[0]);
  private static final EngineReply ANSWER =
      new EngineReply.Answered(200, new byte[0], TokenUsage.NONE, Optional.empty());

  private final Stuck engine = new Stuck();
  private final WatchedEngine watched =
      new WatchedEngine(engine, Duration.ofMillis(100), System::nanoTime).start();

  /** Answers neither requests nor canaries until it may. */
  private static final class Stuck implements Engine {
    private final Semaphore requests = new Semaphore(0);
    private final Semaphore canaries = new Semaphore(0);
    private final AtomicInteger canariesAsked = new AtomicInteger();
    private volatile boolean knowsCanary = true;

    @Override
    public EngineReply complete(EngineRequest request, Duration deadline)
        throws InterruptedException {
      if (request.body().length == 0) {
        canariesAsked.incrementAndGet();
        canaries.acquire();
      } else {
        requests.acquire();
      }
      return ANSWER;
    }

    @Override
    public Optional<EngineRequest> canary() {
      return knowsCanary ? Optional.of(CANARY) : Optional.empty();
    }

    @Override
    public long loadingSteps() {
      return 40;
    }

    @Override
    public Set<String> models() {
      return Set.of("m");
    }

    @Override
    public String loadedModel() {
      return "m";
    }

    @Override
    public int slots() {
      return 1;
    }

    @Override
    public EngineState probe() {
      return EngineState.READY;
    }

    @Override
    public void close() {}
  }

  @AfterEach
  void close() {
    watched.close();
  }

  @Test
  void an_answer_is_a_step_and_so_is_what_loading_did() throws Exception {
    engine.requests.release();

    assertThat(watched.complete(REQUEST, SOON)).isSameAs(ANSWER);

    assertThat(watched.steps()).isEqualTo(41);
  }

  @Test
  void an_engine_that_is_only_slow_answers_its_canaries() {
    ask();
    engine.canaries.release(3);

    Until.within(SOON).holds(() -> watched.steps() == 43);
    engine.requests.release();
  }

  @Test
  void an_engine_that_is_stuck_makes_no_step_and_is_asked_once() {
    ask();
    Until.within(SOON).holds(() -> engine.canariesAsked.get() == 1);

    // As long again as it took to ask, several times over.
    long until = System.nanoTime() + Duration.ofMillis(500).toNanos();
    Until.within(SOON).holds(() -> System.nanoTime() - until > 0);

    assertThat(engine.canariesAsked).hasValue(1);
    assertThat(watched.steps()).isEqualTo(40);
  }

  @Test
  void an_engine_without_a_canary_is_left_to_the_deadlines_of_its_requests() {
    engine.knowsCanary = false;
    ask();

    Until.within(SOON).holds(() -> watched.steps() > 42);

    assertThat(engine.canariesAsked).hasValue(0);
    engine.requests.release();
  }

  @Test
  void an_idle_engine_is_asked_nothing() {
    long until = System.nanoTime() + Duration.ofMillis(500).toNanos();
    Until.within(SOON).holds(() -> System.nanoTime() - until > 0);

    assertThat(engine.canariesAsked).hasValue(0);
  }

  private void ask() {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                watched.complete(REQUEST, SOON);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }
}

package dev.stoker.worker.engine.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConcurrencyLimitTest {
  private static final int ENDLESS = 1_000_000;
  private static final Duration RUN = Duration.ofSeconds(30);

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 32, 256, 1000})
  void an_engine_that_tells_its_load_is_full_all_the_time_without_being_configured(int slots) {
    SimulatedEngine engine = new SimulatedEngine(slots, ENDLESS, true, 1024);

    engine.run(RUN);

    assertThat(engine.use()).isGreaterThan(0.98);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 32, 256, 1000})
  void hardly_any_request_waits_inside_it(int slots) {
    SimulatedEngine engine = new SimulatedEngine(slots, ENDLESS, true, 4096);
    engine.run(Duration.ofMinutes(1));
    engine.forget();

    engine.run(RUN);

    assertThat(engine.waitingMost).isBetween(1, Math.max(6, slots / 3));
    assertThat(engine.use()).isGreaterThan(0.995);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 32, 256})
  void an_engine_that_tells_nothing_is_found_out_by_its_throughput(int slots) {
    SimulatedEngine engine = new SimulatedEngine(slots, ENDLESS, false, 1024);
    engine.run(Duration.ofSeconds(20));
    engine.forget();

    engine.run(Duration.ofMinutes(5));

    assertThat(engine.use()).isGreaterThan(0.97);
    assertThat(engine.waitingMost).isLessThan(Math.max(64, 4 * slots));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void an_engine_that_refuses_what_does_not_fit_is_rarely_made_to_refuse(int queueMax) {
    SimulatedEngine engine = new SimulatedEngine(64, queueMax, true, 1024);
    engine.run(Duration.ofSeconds(10));
    engine.forget();

    engine.run(Duration.ofMinutes(5));

    assertThat(engine.use()).isGreaterThan(0.97);
    assertThat(engine.refusals).isLessThan(400);
  }

  @Test
  void the_same_holds_for_one_that_tells_nothing() {
    SimulatedEngine engine = new SimulatedEngine(64, 0, false, 1024);
    engine.run(Duration.ofSeconds(30));
    engine.forget();

    engine.run(Duration.ofMinutes(5));

    assertThat(engine.use()).isGreaterThan(0.8);
    assertThat(engine.refusals).isLessThan(600);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void after_a_storm_of_refusals_it_is_soon_as_before(boolean tells) {
    SimulatedEngine engine = new SimulatedEngine(256, ENDLESS, tells, 1024);
    engine.run(Duration.ofSeconds(30));
    engine.storm(true);
    engine.run(Duration.ofSeconds(10));
    assertThat(engine.limit()).isLessThan(32);
    engine.storm(false);
    engine.run(Duration.ofSeconds(20));
    engine.forget();

    engine.run(RUN);

    assertThat(engine.use()).isGreaterThan(0.97);
  }

  @Test
  void it_never_exceeds_its_bound_nor_falls_below_one() {
    SimulatedEngine engine = new SimulatedEngine(1000, ENDLESS, true, 50);
    engine.run(RUN);
    assertThat(engine.limit()).isEqualTo(50);
    engine.storm(true);
    engine.run(Duration.ofMinutes(1));
    assertThat(engine.limit()).isEqualTo(1);
  }

  @Test
  void what_others_have_in_the_engine_is_not_counted_as_room() {
    ConcurrencyLimit limit = new ConcurrencyLimit(1024);
    EngineMetrics shared = new EngineMetrics(256, 512, 0, 0, true, true);
    for (int look = 0; look < 10; look++) {
      limit.next(
          new ConcurrencyLimit.Sample(
              Duration.ofSeconds(1), limit.limit(), 10, Duration.ofSeconds(1), 0, shared));
    }
    assertThat(limit.limit()).isLessThan(32);
  }

  @Test
  void an_engine_whose_cache_is_full_gets_no_more() {
    ConcurrencyLimit limit = new ConcurrencyLimit(1024);
    for (int look = 0; look < 10; look++) {
      int inFlight = limit.limit();
      limit.next(
          new ConcurrencyLimit.Sample(
              Duration.ofSeconds(1),
              inFlight,
              10,
              Duration.ofSeconds(1),
              0,
              new EngineMetrics(inFlight, 0, 0.99, 0, true, true)));
    }
    assertThat(limit.limit()).isEqualTo(ConcurrencyLimit.FIRST);
  }

  @Test
  void a_limit_that_nobody_uses_up_does_not_grow() {
    ConcurrencyLimit limit = new ConcurrencyLimit(1024);
    for (int look = 0; look < 100; look++) {
      limit.next(
          new ConcurrencyLimit.Sample(
              Duration.ofSeconds(1),
              3,
              3,
              Duration.ofSeconds(1),
              0,
              new EngineMetrics(3, 0, 0, 0, true, true)));
    }
    assertThat(limit.limit()).isEqualTo(ConcurrencyLimit.FIRST);
  }
}

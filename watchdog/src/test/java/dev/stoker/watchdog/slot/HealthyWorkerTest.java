package dev.stoker.watchdog.slot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.WorkerStatus;
import dev.stoker.watchdog.observe.DatabaseContact;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything around a worker goes wrong, for days, and the worker is well. */
class HealthyWorkerTest {

  private static final Duration BEAT_EVERY = Duration.ofSeconds(5);
  private static final Duration RECONNECT_MAX = Duration.ofSeconds(10);
  private static final int SECONDS = 50_000;

  static List<Long> seeds() {
    return new Random(3).longs(50).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @DisplayName("I4 I6: no outage, pause, slow request or new watchdog kills a healthy worker")
  void a_healthy_worker_is_never_killed(long seed) {
    Night night = new Night(seed);
    for (int second = 0; second < SECONDS; second++) {
      night.passSecond();
      night.decide().forEach(HealthyWorkerTest::refuseHarm);
    }
    assertThat(night.outages).as("the night was a bad one").isGreaterThan(5);
    assertThat(night.newWatchdogs).isGreaterThan(5);
  }

  private static void refuseHarm(Action action) {
    switch (action) {
      case Action.Fence _, Action.Terminate _, Action.Kill _, Action.Gather _ ->
          throw new AssertionError("a healthy worker is harmed: " + action);
      case Action.ReturnLeases _, Action.Reserve _, Action.Launch _, Action.CheckGpu _ ->
          throw new AssertionError("a healthy worker is replaced: " + action);
      case Action.Adopt _, Action.Grant _, Action.Tell _ -> {}
    }
  }

  private static final class Night {
    final Random random;
    final World world = World.running();
    final boolean local;
    DatabaseContact contact = DatabaseContact.none(World.SETTINGS.staleAfter());
    boolean database = true;
    long databaseChanges;
    long connectedAt;
    long beatAt;
    long workSince;
    long steps;
    boolean working;
    int outages;
    int newWatchdogs;

    Night(long seed) {
      random = new Random(seed);
      local = random.nextBoolean();
      beatAt = world.now;
    }

    void passSecond() {
      world.after(Duration.ofSeconds(1));
      if (world.now >= databaseChanges) {
        database = !database;
        outages += database ? 0 : 1;
        Duration next = Duration.ofSeconds(database ? random.nextInt(1200) : random.nextInt(400));
        databaseChanges = world.now + next.toNanos();
        connectedAt = world.now + random.nextLong(RECONNECT_MAX.toNanos());
      }
      if (random.nextInt(1500) == 0) {
        standStill();
      }
      if (random.nextInt(2000) == 0) {
        newWatchdog();
      }
      work();
      beat();
      look();
    }

    /** The watchdog is stopped, or swapped out; the worker is not. */
    private void standStill() {
      world.after(Duration.ofSeconds(16 + random.nextInt(600)));
      contact = contact.lost();
      beatAt = Math.max(beatAt, database ? world.now - BEAT_EVERY.toNanos() : 0);
    }

    private void newWatchdog() {
      newWatchdogs++;
      world.before = Optional.of(world.status.state());
      world.status = world.supervisor.first();
      contact = DatabaseContact.none(World.SETTINGS.staleAfter());
      world.process = new ProcessSeen.None();
    }

    /** One slow request after the other; the engine shows now and then that it works. */
    private void work() {
      if (random.nextInt(500) == 0) {
        working = !working;
      }
      if (world.now - workSince > Duration.ofSeconds(random.nextInt(90)).toNanos()) {
        steps++;
        workSince = world.now;
      }
    }

    private void beat() {
      boolean connected = database && world.now >= connectedAt;
      if (connected && world.now - beatAt >= BEAT_EVERY.toNanos()) {
        beatAt = world.now;
      }
    }

    private void look() {
      if (database) {
        contact = contact.answered(world.now, 0);
      }
      boolean seen = contact.recent(world.now);
      world.row =
          seen
              ? new RowSeen.Row(
                  World.ID,
                  Optional.of(World.PROCESS),
                  WorkerStatus.READY,
                  Optional.of(Duration.ofNanos(world.now - beatAt)),
                  working ? 3 : 0,
                  0,
                  steps)
              : new RowSeen.Blind();
      world.contact = contact.unbroken(world.now);
      world.local =
          local
              ? Optional.of(new LocalSeen(Duration.ofSeconds(1), steps, working ? 3 : 0))
              : Optional.empty();
    }

    List<Action> decide() {
      List<Action> actions = world.step();
      if (actions.stream().anyMatch(Action.Adopt.class::isInstance)) {
        world.process = new ProcessSeen.Alive();
        return world.step(new Answer.Adopted());
      }
      return actions;
    }
  }
}

package dev.stoker.simulation;

import dev.stoker.database.Database;
import dev.stoker.id.OrderedIds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Where simulations run, one after another. */
final class Laboratory implements AutoCloseable {
  private static final Duration HARM_MAX = Duration.ofSeconds(50);

  /** From when all has healed: hundreds of suspects may have to run alone, for seconds each. */
  private static final Duration END_MAX = Duration.ofMinutes(30);

  private static final int STEPS_MAX = 60_000;

  private final SimulatedDatabase database = new SimulatedDatabase();
  private final SimulatedApi api;
  private final Path directory;

  /**
   * What a simulation did.
   *
   * @param steps how many turns were taken
   * @param history what happened in them
   */
  record Report(long seed, int steps, int asked, List<String> history) {}

  /** A simulation that broke a promise. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final long seed;
    private final transient List<String> history;

    Broken(long seed, List<String> history, RuntimeException cause) {
      super("seed " + seed + ": " + cause.getMessage(), cause);
      this.seed = seed;
      this.history = history;
    }

    long seed() {
      return seed;
    }

    List<String> history() {
      return history;
    }
  }

  Laboratory() {
    this.api = new SimulatedApi(database.network(), SimulatedWatchdog.STALE);
    try {
      this.directory = Files.createTempDirectory("stoker-simulation-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The rows as they are. */
  JdbcClient rows() {
    return database.observer();
  }

  /**
   * Runs one simulation to its end.
   *
   * @throws Broken if a promise does not hold
   */
  Report run(long seed) {
    return run(seed, Nemesis::new, Size::any);
  }

  /** Makes the trouble of a simulation. */
  @FunctionalInterface
  interface Troubles {
    Trouble of(World world, Installation installation);
  }

  /**
   * The same with other trouble, or of another size.
   *
   * @throws Broken if a promise does not hold
   */
  Report run(long seed, Troubles troubles, Function<RandomGenerator, Size> size) {
    List<String> history = new ArrayList<>();
    database.clear();
    Random random = new Random(seed);
    SimulatedClock clock = new SimulatedClock(database::tell);
    Scheduler scheduler = new Scheduler(clock, random, database::lockedOut, history::add);
    OrderedIds ids = new OrderedIds(clock, new Random(seed));
    api.ids(ids);
    Ledger ledger = new Ledger(database.observer(), clock);
    Database connections = Database.over(database.network());
    World world = new World(scheduler, clock, random, connections, ids, ledger, new Deaths());
    try {
      run(world, troubles, size.apply(random));
      return new Report(seed, scheduler.steps(), ledger.asked(), history);
    } catch (RuntimeException e) {
      throw new Broken(seed, history, e);
    } finally {
      scheduler.end();
      database.network().takeBack();
    }
  }

  private void run(World world, Troubles troubles, Size size) {
    Installation installation = new Installation(world, size, api, database.network(), directory);
    Trouble trouble = troubles.of(world, installation);
    database.network().trouble(trouble);
    List<SimulatedClient> clients = clients(world, size, installation);
    world.scheduler().afterEachStep(installation::afterStep);
    world.scheduler().afterEachStep(() -> checkWritten(world.ledger()));
    trouble.start();
    long healNanos = HARM_MAX.toNanos() * (1 + world.random().nextInt(4)) / 4;
    while (!clients.stream().allMatch(SimulatedClient::finished)) {
      world.scheduler().step();
      if (!trouble.healed() && world.clock().nanos() > healNanos) {
        trouble.heal();
      }
      boolean inTime =
          world.clock().nanos() < healNanos + END_MAX.toNanos()
              && world.scheduler().steps() < STEPS_MAX;
      Ledger.require(inTime, "not everything has ended in time");
    }
    world.ledger().checkAllEnded();
  }

  private List<SimulatedClient> clients(World world, Size size, Installation installation) {
    List<SimulatedClient> clients =
        Stream.iterate(1, i -> i + 1)
            .limit(size.clients())
            .map(i -> new SimulatedClient(world, api.http(), installation::server, "c" + i, size))
            .toList();
    clients.forEach(SimulatedClient::start);
    return clients;
  }

  private void checkWritten(Ledger ledger) {
    if (database.network().takeWritten()) {
      ledger.check();
    }
  }

  @Override
  public void close() {
    api.close();
    database.close();
    try (Stream<Path> left = Files.list(directory)) {
      for (Path file : left.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

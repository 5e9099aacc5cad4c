package dev.stoker.simulation;

import dev.stoker.loop.Loop;
import java.time.Duration;
import java.util.concurrent.Callable;

/** One process of the api-server. */
final class SimulatedServer {
  /** Short enough that a round does not look like the end of an outage. */
  private static final Duration ENDING = Duration.ofMillis(3500);

  private static final Duration INTAKE = Duration.ofSeconds(3);
  private static final Duration SWEEP = Duration.ofSeconds(30);

  /** The server could not be asked, or did not live to answer. */
  static final class Lost extends Exception {
    private static final long serialVersionUID = 1;

    Lost() {
      super("the server died");
    }
  }

  private final SimulatedProcess process;

  SimulatedServer(World world, SimulatedApi api, String name) {
    this.process = new SimulatedProcess(name, () -> {});
    Loop ending = api.ending(world.clock()::nanos);
    world.loop(process, "intake", INTAKE, () -> run(api.intake()));
    world.loop(process, "ending", ENDING, () -> run(ending));
    world.loop(process, "sweeper", SWEEP, () -> run(api.sweeper()));
  }

  private static boolean run(Loop loop) throws Exception {
    try {
      return loop.runOnce();
    } catch (Killed e) {
      Task.current().orElseThrow().refuseTheDead();
      throw e;
    }
  }

  SimulatedProcess process() {
    return process;
  }

  /** Lets it serve a client. */
  <T> T serve(Callable<T> request) throws Lost {
    Task client = Task.current().orElseThrow();
    SimulatedProcess home = client.process();
    client.moveTo(process);
    try {
      client.refuseTheDead();
      T answer = request.call();
      client.refuseTheDead();
      return answer;
    } catch (Exception | Killed e) {
      if (client.scheduler().over()) {
        throw new Killed();
      }
      throw new Lost();
    } finally {
      client.moveTo(home);
    }
  }
}

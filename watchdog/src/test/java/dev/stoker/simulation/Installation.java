package dev.stoker.simulation;

import dev.stoker.health.WorkerId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The processes of Stoker; what stands in for systemd starts api-servers and watchdog again. */
final class Installation {
  private static final Duration LOOK = Duration.ofMillis(900);

  private final World world;
  private final SimulatedApi api;
  private final SimulatedNetwork network;
  private final Path directory;
  private final List<SimulatedServer> servers = new ArrayList<>();
  private final List<String> slots;
  private final Map<String, SimulatedWorker> workers = new TreeMap<>();
  private SimulatedWatchdog watchdog;
  private int starts;

  /**
   * @param directory where workers say what is in flight
   */
  Installation(World world, Size size, SimulatedApi api, SimulatedNetwork network, Path directory) {
    this.world = world;
    this.api = api;
    this.network = network;
    this.directory = directory;
    for (int i = 0; i < size.servers(); i++) {
      servers.add(newServer());
    }
    this.slots = Stream.iterate(0, i -> i + 1).limit(size.workers()).map(i -> "host/" + i).toList();
    this.watchdog = newWatchdog();
    world.loop(new SimulatedProcess("systemd", () -> {}), "look", LOOK, this::startAgain);
  }

  private SimulatedServer newServer() {
    return new SimulatedServer(world, api, "api-" + ++starts);
  }

  private SimulatedWatchdog newWatchdog() {
    return new SimulatedWatchdog(world, "watchdog-" + ++starts, slots, workers, this::launch);
  }

  private SimulatedWorker launch(WorkerId id) {
    Path inFlight = directory.resolve(id.worker().replace('/', '-'));
    SimulatedWorker worker = new SimulatedWorker(world, id, inFlight);
    worker.start();
    return worker;
  }

  private boolean startAgain() {
    servers.replaceAll(server -> server.process().dead() ? newServer() : server);
    if (watchdog.process().dead()) {
      watchdog = newWatchdog();
    }
    return false;
  }

  /** A server that a client may ask; empty while none lives. */
  Optional<SimulatedServer> server() {
    List<SimulatedServer> living =
        servers.stream().filter(server -> !server.process().dead()).toList();
    return living.isEmpty()
        ? Optional.empty()
        : Optional.of(living.get(world.random().nextInt(living.size())));
  }

  SimulatedWatchdog watchdog() {
    return watchdog;
  }

  /** Those that live. */
  List<SimulatedWorker> workers() {
    return workers.values().stream().filter(worker -> !worker.process().dead()).toList();
  }

  /** Whatever was stopped goes on, and every engine is back. */
  void goOn() {
    servers.forEach(server -> server.process().stopped(false));
    workers.values().forEach(worker -> worker.process().stopped(false));
    workers().forEach(worker -> worker.engine().recover());
  }

  void cutOffIdle(SimulatedProcess process) {
    network.cutOffIdle(process);
  }

  void afterStep() {
    network.takeBackFromTheDead();
    workers.values().forEach(SimulatedWorker::afterStep);
  }
}

package dev.stoker.watchdog.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.health.WorkerId;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts workers, each in a session and, where possible, a control group of its own. Their output
 * goes to a file, never to this process: a pipe would break with it, and they shall outlive it.
 *
 * <p>Used by one thread.
 */
public final class Launcher {

  /**
   * Where an installation keeps its things.
   *
   * @param data tells installations apart
   */
  public record Places(Path data, Path logs) {}

  /** Programs that are not on every host. */
  record Tools(Optional<String> setsid, Optional<String> numactl, Optional<Scope> scope) {

    static Tools find(WorkerResources resources) {
      return new Tools(Program.find("setsid"), Program.find("numactl"), Scope.find(resources));
    }
  }

  private static final Logger log = LoggerFactory.getLogger(Launcher.class);

  /** Rather the worker than its watchdog when memory runs out; whoever may not say so, does not. */
  private static final String BE_THE_VICTIM =
      "{ echo 500 > /proc/self/oom_score_adj; } 2>/dev/null; ";

  private static final String BECOME_THE_COMMAND = "exec \"$@\"";

  /** Before the command is there, so that nothing it starts is elsewhere. */
  private static final String ENTER_THE_GROUP = "echo $$ > \"$0\"/cgroup.procs && ";

  private static final int INSTALLATION_LETTERS = 12;

  private final WorkerCommand command;
  private final WorkerResources resources;
  private final Path logs;
  private final LongSupplier ticker;
  private final Tools tools;
  private final Optional<ControlGroups> groups;
  private final Optional<String> hindrance;
  private final Path beats;
  private final JdkFiles jdk = JdkFiles.of(Path.of(System.getProperty("java.home")));

  /** By slot; of its newest process. */
  private final Map<Integer, ControlGroup> entered = new HashMap<>();

  public Launcher(
      WorkerCommand command, WorkerResources resources, Places places, LongSupplier ticker) {
    this(
        command,
        resources,
        places,
        ticker,
        Tools.find(resources),
        ControlGroups.find(installation(places.data())));
  }

  Launcher(
      WorkerCommand command,
      WorkerResources resources,
      Places places,
      LongSupplier ticker,
      Tools tools,
      Optional<ControlGroups> groups) {
    this.command = command;
    this.resources = resources;
    this.logs = places.logs();
    this.ticker = ticker;
    this.tools = tools;
    this.groups = groups;
    this.hindrance =
        groups
            .map(ControlGroups::hindrance)
            .orElse(Optional.of("no cgroup2 file system is mounted"));
    this.beats = BeatDirectory.of(places.data(), installation(places.data()));
  }

  /** For people: how workers are kept together with what they start. */
  public String holding() {
    if (scope().isPresent()) {
      return "workers are held by scopes of systemd";
    }
    return hindrance
        .map(
            reason ->
                "workers are held by session and descent (no writable control group: "
                    + reason
                    + "); a process that leaves both can escape")
        .orElseGet(
            () -> "workers are held by control groups below " + groups.orElseThrow().parent());
  }

  /** For people: what was asked for and cannot be done on this host. */
  public List<String> unheeded() {
    List<String> unheeded = new ArrayList<>();
    if (resources.limited() && scope().isEmpty()) {
      unheeded.add(
          "STOKER_WORKER_CPU_QUOTA and STOKER_WORKER_MEMORY_MAX are not heeded:"
              + " systemd does not run this host, or does not let this user make a scope");
    }
    if (resources.numaNode().isPresent() && tools.numactl().isEmpty()) {
      unheeded.add("STOKER_WORKER_NUMA_NODE is not heeded: numactl is missing");
    }
    return unheeded;
  }

  /**
   * @param slot its number on this host
   * @param ended told on another thread when the process has ended
   * @throws IOException when no process can be made
   */
  public WatchedProcess start(WorkerId id, int slot, Runnable ended) throws IOException {
    Files.createDirectories(logs);
    BeatDirectory.create(beats);
    ProcessBuilder builder = new ProcessBuilder(words(id, slot)).directory(command.home().toFile());
    Map<String, String> environment = builder.environment();
    environment.put("STOKER_WORKER_NAME", id.worker());
    environment.put("STOKER_WORKER_INCARNATION", Long.toString(id.incarnation()));
    environment.put("STOKER_BEAT_FILE", beatFile(slot).toString());
    environment.put("STOKER_IN_FLIGHT_FILE", inFlightFile(slot).toString());
    resources.gpuOf(slot).ifPresent(gpu -> environment.put("CUDA_VISIBLE_DEVICES", gpu));
    environment.remove("NOTIFY_SOCKET"); // ours; a worker must not speak for us
    builder.redirectErrorStream(true);
    builder.redirectOutput(console(slot).file().toFile());
    builder.redirectInput(new File("/dev/null"));
    return WatchedProcess.ofChild(builder.start(), ticker, ended);
  }

  /** How to reach everything that a process started by {@link #start} starts in turn. */
  public ProcessTree treeOfChild(WatchedProcess child, int slot) {
    if (scope().isPresent()) {
      return new ScopeTree(child, () -> groupOf(child, slot).or(() -> scopeLeft(child, slot)));
    }
    return Optional.ofNullable(entered.get(slot))
        .<ProcessTree>map(group -> new CgroupTree(Optional.of(child), List.of(group)))
        .orElseGet(() -> new SessionTree(child, tools.setsid().isPresent()));
  }

  /** The same for a process that another watchdog started. */
  public ProcessTree treeOfStranger(WatchedProcess stranger, int slot) {
    long pid = stranger.identity().pid();
    boolean ownSession = ProcessTable.find(pid).filter(entry -> entry.session() == pid).isPresent();
    return groupOf(stranger, slot)
        .<ProcessTree>map(group -> new CgroupTree(Optional.of(stranger), List.of(group)))
        .orElseGet(() -> new SessionTree(stranger, ownSession));
  }

  /**
   * Those who live in a slot's control groups, though nobody may know who they are: their row is
   * lost, or their leader is. For a slot whose process is not known.
   */
  public Optional<ProcessTree> leftovers(int slot) {
    List<ControlGroup> populated =
        groups.stream()
            .flatMap(hierarchy -> hierarchy.allOf(slot).stream())
            .filter(ControlGroup::populated)
            .toList();
    return populated.isEmpty()
        ? Optional.empty()
        : Optional.of(new CgroupTree(Optional.empty(), populated));
  }

  /** Leaves nothing behind of a slot whose worker has gone, when its watchdog stops. */
  public void tidy(int slot) {
    groups.stream()
        .flatMap(hierarchy -> hierarchy.allOf(slot).stream())
        .forEach(ControlGroup::remove);
    try {
      Files.deleteIfExists(beatFile(slot));
      Files.deleteIfExists(inFlightFile(slot));
      Files.deleteIfExists(beats);
    } catch (IOException e) {
      log.debug("{} stays: {}", beats, e.toString()); // other slots use it
    }
  }

  /** What the newest process of a slot has printed. */
  public ConsoleLog console(int slot) {
    return new ConsoleLog(logs.resolve("worker-" + slot + ".console.log"));
  }

  /** What the workers of a slot have written, older ones too; named as they name it. */
  public ConsoleLog log(int slot) {
    return new ConsoleLog(logs.resolve(slot == 0 ? "worker.log" : "worker-" + slot + ".log"));
  }

  /** Where a worker's JVM leaves its report when it crashes. */
  public Path home() {
    return command.home();
  }

  /** Where a slot's worker shows that it lives. */
  public Path beatFile(int slot) {
    return beats.resolve("worker-" + slot + ".beat");
  }

  /** Where a slot's worker says what it works on. */
  public Path inFlightFile(int slot) {
    return beats.resolve("worker-" + slot + ".inflight");
  }

  /**
   * Whether this process's JDK was exchanged since it started: the reason why no process can be
   * started any more, and no cure but to start anew.
   */
  public boolean jdkReplaced() {
    return jdk.replaced();
  }

  /** No secret may be among them: every user of the host can read them. */
  private List<String> words(WorkerId id, int slot) {
    List<String> words = new ArrayList<>();
    entered.remove(slot);
    if (scope().isPresent()) {
      String group = groups.orElseThrow().nameOf(slot);
      words.addAll(scope().get().words(group, id.incarnation()));
    } else {
      enterableGroup(slot).ifPresent(group -> entered.put(slot, group));
    }
    numaNode().ifPresent(words::addAll);
    words.addAll(shell(Optional.ofNullable(entered.get(slot))));
    tools.setsid().ifPresent(words::add);
    words.addAll(command.words());
    return words;
  }

  private static List<String> shell(Optional<ControlGroup> group) {
    return group
        .map(
            entering ->
                List.of(
                    "sh",
                    "-c",
                    BE_THE_VICTIM + ENTER_THE_GROUP + BECOME_THE_COMMAND,
                    entering.directory().toString()))
        .orElseGet(() -> List.of("sh", "-c", BE_THE_VICTIM + BECOME_THE_COMMAND, "sh"));
  }

  /** Without it the worker is worse held, but it runs. */
  private Optional<ControlGroup> enterableGroup(int slot) {
    if (hindrance.isPresent()) {
      return Optional.empty();
    }
    ControlGroup group = groups.orElseThrow().ofSlot(slot);
    try {
      group.create();
      return Optional.of(group);
    } catch (IOException e) {
      log.warn("The control group {} cannot be made: {}", group.directory(), e.toString());
      return Optional.empty();
    }
  }

  private Optional<ControlGroup> groupOf(WatchedProcess process, int slot) {
    return groups.flatMap(hierarchy -> hierarchy.ofProcess(process.identity(), slot));
  }

  /** Of one that has died before anybody looked: those it started may be there yet. */
  private Optional<ControlGroup> scopeLeft(WatchedProcess dead, int slot) {
    return dead.end().isEmpty()
        ? Optional.empty()
        : groups.stream()
            .flatMap(hierarchy -> hierarchy.allOf(slot).stream())
            .filter(ControlGroup::populated)
            .findFirst();
  }

  /** systemd's, if limits are asked for. */
  private Optional<Scope> scope() {
    return resources.limited() && groups.isPresent() ? tools.scope() : Optional.empty();
  }

  private Optional<List<String>> numaNode() {
    return tools
        .numactl()
        .flatMap(
            program ->
                resources
                    .numaNode()
                    .map(node -> List.of(program, "--cpunodebind=" + node, "--membind=" + node)));
  }

  private static String installation(Path data) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(data.toAbsolutePath().normalize().toString().getBytes(UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, INSTALLATION_LETTERS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

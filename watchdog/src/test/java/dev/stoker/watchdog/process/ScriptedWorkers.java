package dev.stoker.watchdog.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;
import dev.stoker.watchdog.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Workers that are shell scripts, in slot 0 of an installation that leaves nothing behind. */
public final class ScriptedWorkers implements BeforeEachCallback, AfterEachCallback {

  public static final Duration SOON = Duration.ofSeconds(20);

  private static final int CONSOLE_BYTES_MAX = 64 * 1024;

  private final List<ProcessTree> trees = new ArrayList<>();
  private final List<Launcher> launchers = new ArrayList<>();
  private Path directory;

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    directory = Files.createTempDirectory("stoker-workers-");
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    trees.forEach(ScriptedWorkers::end);
    launchers.forEach(launcher -> launcher.leftovers(0).ifPresent(ScriptedWorkers::end));
    launchers.forEach(launcher -> launcher.tidy(0));
    try (var files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }

  public Path directory() {
    return directory;
  }

  public Launcher.Places places() {
    return new Launcher.Places(directory, directory.resolve("logs"));
  }

  public WorkerCommand script(String script) throws IOException {
    Path file = directory.resolve("worker.sh");
    Files.writeString(file, script);
    return new WorkerCommand(List.of("sh", file.toString()), directory);
  }

  /** With a control group; the test is skipped where there is none to be had. */
  Launcher grouped(String script) throws IOException {
    Launcher launcher = launcher(script);
    assumeTrue(launcher.holding().contains("control groups"), launcher.holding());
    return launcher;
  }

  public Launcher launcher(String script) throws IOException {
    return launcher(script, WorkerResources.ALL);
  }

  public Launcher launcher(String script, WorkerResources resources) throws IOException {
    return known(new Launcher(script(script), resources, places(), System::nanoTime));
  }

  /** As on a host without control groups. */
  Launcher ungrouped(String script) throws IOException {
    return known(
        new Launcher(
            script(script),
            WorkerResources.ALL,
            places(),
            System::nanoTime,
            Launcher.Tools.find(WorkerResources.ALL),
            Optional.empty()));
  }

  public Launcher newest() {
    return launchers.getLast();
  }

  /** What the newest worker has printed. */
  public String printed() {
    return newest().console(0).end(CONSOLE_BYTES_MAX);
  }

  Launcher known(Launcher launcher) {
    launchers.add(launcher);
    return launcher;
  }

  /** A process with all that it starts. */
  public record Worker(WatchedProcess process, ProcessTree tree) {}

  public Worker start(Launcher launcher) throws IOException {
    WatchedProcess process = launcher.start(new WorkerId("test/0", 1), 0, () -> {});
    ProcessTree tree = launcher.treeOfChild(process, 0);
    trees.add(tree);
    return new Worker(process, tree);
  }

  /** Each line is a number. */
  List<Long> pids(String file) throws IOException {
    Path path = directory.resolve(file);
    return Files.exists(path)
        ? Files.readString(path).lines().map(Long::parseLong).toList()
        : List.of();
  }

  static void end(ProcessTree tree) {
    Patience.until(
        "nothing of it is left",
        SOON,
        () -> {
          tree.kill();
          return tree.gone();
        });
  }

  static boolean lives(long pid) {
    return ProcessTable.find(pid).filter(entry -> entry.state() != 'Z').isPresent();
  }

  static ProcessIdentity identity(long pid) {
    return new ProcessIdentity(
        pid, ProcessTable.find(pid).orElseThrow().startTicks(), ProcessTable.bootId());
  }
}

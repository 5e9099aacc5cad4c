package dev.stoker.watchdog.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A worker's share of its host, set by systemd: it makes a scope, a control group with limits, and
 * becomes the command in it.
 *
 * @param program systemd-run
 */
record Scope(String program, boolean ofUser, WorkerResources resources) {

  static final String INCARNATION_MARK = "incarnation-";

  private static final Path SYSTEMD_RUNS = Path.of("/run/systemd/system");

  /** Empty if systemd does not run this host. */
  static Optional<Scope> find(WorkerResources resources) {
    return Files.isDirectory(SYSTEMD_RUNS)
        ? Program.find("systemd-run")
            .map(program -> new Scope(program, !Program.runsAsRoot(), resources))
        : Optional.empty();
  }

  /**
   * What to put before a command.
   *
   * @param group what the slot's groups are called
   */
  List<String> words(String group, long incarnation) {
    List<String> words = new ArrayList<>(List.of(program));
    if (ofUser) {
      words.add("--user");
    }
    words.addAll(
        List.of(
            "--scope",
            "--collect",
            "--quiet",
            "--unit=" + group + "-" + INCARNATION_MARK + incarnation + ".scope"));
    resources.cpuQuota().ifPresent(quota -> words.addAll(List.of("-p", "CPUQuota=" + quota)));
    resources
        .memoryMax()
        .ifPresent(
            most -> words.addAll(List.of("-p", "MemoryMax=" + most, "-p", "MemorySwapMax=0")));
    words.add("--");
    return words;
  }
}

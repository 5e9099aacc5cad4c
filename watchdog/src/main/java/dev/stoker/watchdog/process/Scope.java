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

  /** Empty if none is asked for, or systemd does not run this host or makes this user none. */
  static Optional<Scope> find(WorkerResources resources) {
    return resources.limited() && Files.isDirectory(SYSTEMD_RUNS)
        ? Program.find("systemd-run")
            .map(program -> new Scope(program, !Program.runsAsRoot(), resources))
            .filter(Scope::works)
        : Optional.empty();
  }

  /** By trying: a service of an ordinary user's has nobody to ask for a scope. */
  boolean works() {
    List<String> words = manager();
    words.addAll(List.of("--scope", "--collect", "--quiet", "--", "true"));
    return Program.succeeds(words);
  }

  private List<String> manager() {
    List<String> words = new ArrayList<>(List.of(program));
    if (ofUser) {
      words.add("--user");
    }
    return words;
  }

  /**
   * What to put before a command.
   *
   * @param group what the slot's groups are called
   */
  List<String> words(String group, long incarnation) {
    List<String> words = manager();
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

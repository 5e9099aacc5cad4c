package dev.stoker.watchdog.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.watchdog.Patience;
import dev.stoker.watchdog.process.Launcher;
import dev.stoker.watchdog.process.OutOfMemory;
import dev.stoker.watchdog.process.ProcessTable;
import dev.stoker.watchdog.process.ScriptedWorkers;
import dev.stoker.watchdog.process.ScriptedWorkers.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Real processes that hang, stop, spin and die. */
class EvidenceThreadTest {

  private static final Duration SOON = ScriptedWorkers.SOON;
  private static final InstantSource NOON =
      InstantSource.fixed(Instant.parse("2026-11-22T12:00:00.125Z"));
  private static final String INCIDENT = "20261122T120000.125Z-worker-0-7";

  @RegisterExtension final ScriptedWorkers workers = new ScriptedWorkers();

  @Test
  void fault_8_the_evidence_of_a_deadlock_names_its_threads() throws Exception {
    Worker worker = hanging("deadlock");
    Patience.until("deadlocked", SOON, () -> deadlocked(worker));
    Evidence evidence = gather(subject(worker));
    assertThat(evidence.text())
        .startsWith("no heartbeat\npid " + worker.process().identity().pid() + ": state S")
        .contains("Java-level deadlock", "holds-first", "holds-second", "hangs now")
        .doesNotContain("note:");
    assertThat(evidence.threads().orElseThrow()).contains("Full thread dump");
    Path incident = evidence.incident().orElseThrow();
    assertThat(incident).isEqualTo(workers.directory().resolve("incidents").resolve(INCIDENT));
    assertThat(incident)
        .isDirectoryContaining("glob:**/verdict.txt")
        .isDirectoryContaining("glob:**/worker.log");
    assertThat(read(incident, "threads.txt")).contains("Found one Java-level deadlock");
    assertThat(read(incident, "threads.json")).contains("\"threadContainers\"", "holds-first");
    assertThat(read(incident, "console.log")).contains("hangs now");
    assertThat(read(incident, "process.txt")).contains("--- wchan", "holds-first, state S");
    assertThat(worker.process().end()).as("it is left running").isEmpty();
  }

  @Test
  void fault_8_the_evidence_of_a_spinning_jvm_shows_where_it_spins() throws Exception {
    Evidence evidence = gather(subject(hanging("spin")));
    assertThat(evidence.threads().orElseThrow()).contains("HangingJvm.spin");
    assertThat(evidence.text()).doesNotContain("deadlock");
  }

  @Test
  void fault_6_a_stopped_jvm_is_not_asked_and_holds_nobody_up() throws Exception {
    Worker worker = hanging("deadlock");
    signal(worker, "STOP");
    Patience.until("stopped", SOON, () -> state(worker).startsWith("state T"));
    long start = System.nanoTime();
    Evidence evidence = gather(subject(worker));
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    assertThat(evidence.text())
        .contains("state T", "note: threads: not asked for, since the process is stopped");
    assertThat(evidence.threads()).isEmpty();
    assertThat(evidence.incident().orElseThrow().resolve("threads.json")).doesNotExist();
  }

  @Test
  void what_is_no_jvm_is_not_asked_for_its_threads_and_lives_on() throws Exception {
    Worker worker = workers.start(workers.launcher("echo ready; exec sleep 300"));
    Evidence evidence = gather(subject(worker));
    assertThat(evidence.text())
        .contains("note: threads: not asked for, since the process is no JVM that answers");
    assertThat(worker.process().end()).isEmpty();
  }

  @Test
  void no_secret_of_the_environment_and_no_command_line_is_kept() throws Exception {
    Worker worker =
        workers.start(workers.launcher("export PASSWORD=hush-1; exec sleep 300.987654"));
    Patience.until("it sleeps", SOON, () -> state(worker).startsWith("state S"));
    Path incident = gather(subject(worker)).incident().orElseThrow();
    try (Stream<Path> files = Files.list(incident)) {
      for (Path file : files.toList()) {
        assertThat(Files.readString(file)).doesNotContain("hush-1", "300.987654");
      }
    }
  }

  @Test
  void fault_37_a_place_where_nothing_can_be_written_is_noted_and_no_more() throws Exception {
    Files.writeString(workers.directory().resolve("incidents"), "a file, no directory");
    Worker worker = hanging("deadlock");
    Patience.until("deadlocked", SOON, () -> deadlocked(worker));
    Evidence evidence = gather(subject(worker));
    assertThat(evidence.incident()).isEmpty();
    assertThat(evidence.text()).contains("note: incident: ", "hangs now");
    assertThat(evidence.threads().orElseThrow()).contains("holds-first");
    Evidence later = examined(workers.directory(), subject(worker));
    assertThat(later.incident()).isEmpty();
    assertThat(later.text()).contains("note: incident: ");
    worker.tree().kill();
    Patience.until("it is dead", SOON, worker.tree()::gone);
  }

  @Test
  void fault_37_a_full_disk_is_noted_and_no_more() throws Exception {
    Path full = Files.createDirectory(workers.directory().resolve("full"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=64k", "none", full.toString()),
        "a file system can be mounted by root only");
    try {
      Worker worker = workers.start(workers.launcher("echo ready; exec sleep 300"));
      Patience.until("it speaks", SOON, () -> workers.printed().contains("ready"));
      run("sh", "-c", "cat /dev/zero > " + full.resolve("filler"));
      Evidence evidence = examined(full, subject(worker));
      assertThat(evidence.text()).contains("note: ", "No space left on device", "ready");
      assertThat(examined(full, subject(worker)).text()).contains("No space left on device");
    } finally {
      assertThat(run("umount", full.toString())).isTrue();
    }
  }

  @Test
  void fault_26_a_worker_killed_for_want_of_memory_is_said_to_be_so() throws Exception {
    Path group = memoryGroup();
    try {
      // The limit of the shell's own is for the case that the group's does not work.
      Worker worker =
          workers.start(
              workers.launcher(
                  "echo $$ > "
                      + group.resolve("cgroup.procs")
                      + "; ulimit -v 600000; while [ ! -e go ]; do sleep 0.02; done;"
                      + " exec tail /dev/zero"));
      Patience.until("it is in its group", SOON, () -> populated(group));
      OutOfMemory.Snapshot before = OutOfMemory.snapshot(worker.process().identity().pid());
      assertThat(OutOfMemory.since(before)).isEqualTo(OutOfMemory.Killer.SOMEBODY);
      Files.writeString(workers.directory().resolve("go"), "");
      Patience.until("it is killed", SOON, () -> worker.process().end().isPresent());
      assertThat(OutOfMemory.since(before)).isEqualTo(OutOfMemory.Killer.KERNEL_OUT_OF_MEMORY);
      Evidence evidence = examined(workers.directory(), subject(worker, before));
      assertThat(evidence.text()).contains(": signal KILL, sent by the kernel for want of memory");
      assertThat(read(evidence.incident().orElseThrow(), "verdict.txt")).isEqualTo(evidence.text());
    } finally {
      Patience.until("its group is empty", SOON, () -> !populated(group));
      Files.delete(group);
    }
  }

  @Test
  void a_worker_killed_by_a_person_is_told_from_one_that_took_too_much() throws Exception {
    Worker worker = workers.start(workers.launcher("exec sleep 300"));
    OutOfMemory.Snapshot before = OutOfMemory.snapshot(worker.process().identity().pid());
    signal(worker, "KILL");
    Patience.until("it is dead", SOON, () -> worker.process().end().isPresent());
    assertThat(examined(workers.directory(), subject(worker, before)).text())
        .contains(": signal KILL, sent by somebody, not for want of memory");
  }

  @Test
  void a_crash_report_is_named() throws Exception {
    Worker worker = workers.start(workers.launcher("echo last words; exit 6"));
    Patience.until("it ends", SOON, () -> worker.process().end().isPresent());
    Path report =
        workers.directory().resolve("hs_err_pid" + worker.process().identity().pid() + ".log");
    Files.writeString(report, "# A fatal error");
    assertThat(examined(workers.directory(), subject(worker)).text())
        .contains(": exit 6", "crash report: " + report, "last words");
  }

  @Test
  void the_newest_fifty_incidents_are_kept() throws Exception {
    for (int i = 0; i < 60; i++) {
      Instant moment = Instant.parse("2026-11-22T12:00:00Z").plusSeconds(i);
      Incidents incidents = new Incidents(workers.directory(), InstantSource.fixed(moment));
      Files.writeString(incidents.open(i % 3, i).resolve("verdict.txt"), "");
    }
    Path mine = Files.createDirectory(workers.directory().resolve("incidents/notes-of-a-person"));
    new Incidents(workers.directory(), NOON).open(9, 60);
    try (Stream<Path> kept = Files.list(workers.directory().resolve("incidents"))) {
      List<String> names = kept.map(Path::getFileName).map(Path::toString).sorted().toList();
      assertThat(names).hasSize(51).contains(mine.getFileName().toString());
      assertThat(names.getFirst()).isEqualTo("20261122T120000.125Z-worker-9-60");
      assertThat(names.get(1)).isEqualTo("20261122T120011.000Z-worker-2-11");
    }
  }

  @Test
  void a_text_fits_into_a_row() {
    Evidence evidence =
        new Evidence("a\0b" + "ä".repeat(20_000), Optional.empty(), Optional.empty());
    assertThat(evidence.text()).startsWith("a bä");
    assertThat(evidence.text().getBytes(UTF_8)).hasSizeLessThan(16 * 1024);
  }

  @Test
  void a_file_above_one_mebibyte_is_sent_to_nobody() throws Exception {
    Path incident = Files.createDirectory(workers.directory().resolve("incident"));
    Path small = Files.write(incident.resolve("limits"), new byte[1024 * 1024]);
    Files.write(incident.resolve("threads.json"), new byte[1024 * 1024 + 1]);
    Evidence evidence = new Evidence("hangs", Optional.of(incident), Optional.empty());
    assertThat(evidence.files()).containsExactly(small);
  }

  private Worker hanging(String how) throws IOException {
    Worker worker =
        workers.start(
            workers.launcher(
                String.join(
                    " ",
                    "exec",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx32m",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    HangingJvm.class.getName(),
                    how)));
    Patience.until("it hangs", SOON, () -> workers.printed().contains("hangs now"));
    return worker;
  }

  private boolean deadlocked(Worker worker) {
    Path tasks = Path.of("/proc", Long.toString(worker.process().identity().pid()), "task");
    try (Stream<Path> threads = Files.list(tasks)) {
      return threads
              .map(thread -> read(thread, "stat"))
              .filter(stat -> stat.contains("(holds-") && stat.contains(") S "))
              .count()
          == 2;
    } catch (IOException e) {
      return false;
    }
  }

  private Subject subject(Worker worker) {
    return subject(worker, null);
  }

  private Subject subject(Worker worker, OutOfMemory.Snapshot memory) {
    Launcher launcher = workers.newest();
    return new Subject(
        0,
        7,
        "no heartbeat",
        Optional.of(worker.process()),
        Optional.ofNullable(memory),
        launcher.console(0),
        launcher.log(0),
        launcher.home());
  }

  private Evidence gather(Subject subject) throws Exception {
    return examined(workers.directory(), subject);
  }

  private static Evidence examined(Path data, Subject subject) throws Exception {
    CompletableFuture<Evidence> told = new CompletableFuture<>();
    thread(data).examine(subject, told::complete);
    return told.get(20, TimeUnit.SECONDS);
  }

  private static EvidenceThread thread(Path data) {
    return new EvidenceThread(new Incidents(data, NOON), System::nanoTime);
  }

  private static String state(Worker worker) {
    return ProcessTable.describe(worker.process().identity());
  }

  private static void signal(Worker worker, String name) throws Exception {
    assertThat(run("kill", "-" + name, Long.toString(worker.process().identity().pid()))).isTrue();
  }

  private static boolean run(String... words) throws Exception {
    return new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  /** Of 60 MB; of version 1, below our own: there no controller has to be enabled. */
  private static Path memoryGroup() throws IOException {
    Optional<String> own =
        Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
            .filter(line -> line.contains(":memory:"))
            .map(line -> line.substring(line.indexOf(":memory:") + ":memory:".length()))
            .findFirst();
    Path parent = Path.of("/sys/fs/cgroup/memory" + own.orElse("/none"));
    assumeTrue(Files.isWritable(parent), "there is no memory group of version 1 to be had");
    Path group =
        Files.createDirectory(parent.resolve("stoker-test-" + ProcessHandle.current().pid()));
    Files.writeString(group.resolve("memory.limit_in_bytes"), "60M");
    return group;
  }

  private static boolean populated(Path group) {
    return !read(group, "cgroup.procs").isBlank();
  }

  private static String read(Path directory, String file) {
    try {
      return Files.readString(directory.resolve(file));
    } catch (IOException e) {
      return "";
    }
  }
}

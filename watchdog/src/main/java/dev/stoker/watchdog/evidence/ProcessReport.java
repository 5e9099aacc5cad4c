package dev.stoker.watchdog.evidence;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.watchdog.process.ProcessState;
import dev.stoker.watchdog.process.ProcessTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A process in the kernel's words; what is read here waits for none of its locks. */
final class ProcessReport {

  private static final List<String> FILES = List.of("stat", "status", "wchan", "stack");
  private static final int THREADS_MAX = 1024;
  private static final String STUCK = "\nState:\tD";

  private ProcessReport() {}

  /** Of exactly this process; says so if it has gone. */
  static String of(ProcessIdentity identity) {
    Path process = Path.of("/proc", Long.toString(identity.pid()));
    StringBuilder report = new StringBuilder();
    FILES.forEach(file -> section(report, file, process.resolve(file)));
    for (String thread : threads(process)) {
      describe(report, thread, process.resolve("task").resolve(thread));
    }
    // First the report, then the start time: in the other order the pid could change hands.
    return ProcessTable.stateOf(identity) == ProcessState.GONE
        ? "It has gone.\n"
        : report.toString();
  }

  /** Where it hangs in the kernel matters for those alone that do. */
  private static void describe(StringBuilder report, String thread, Path task) {
    String status = read(task.resolve("status"));
    report.append("thread ").append(thread).append(": ").append(field(status, "Name:"));
    report.append(", state ").append(field(status, "State:"));
    report.append(", in ").append(read(task.resolve("wchan"))).append('\n');
    if (status.contains(STUCK)) {
      section(report, "stack of thread " + thread, task.resolve("stack"));
    }
  }

  private static void section(StringBuilder report, String title, Path file) {
    report.append("--- ").append(title).append('\n').append(read(file).strip()).append('\n');
  }

  private static String field(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).strip())
        .findFirst()
        .orElse("?");
  }

  private static List<String> threads(Path process) {
    return Stream.of(
            Optional.ofNullable(process.resolve("task").toFile().list()).orElse(new String[0]))
        .limit(THREADS_MAX)
        .toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, ISO_8859_1);
    } catch (IOException e) {
      return "(cannot be read: " + e.getMessage() + ")";
    }
  }
}

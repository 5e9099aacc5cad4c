package dev.stoker.watchdog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The watchdog as a process of its own, as it is in production, over a stub worker. */
final class WatchdogProcess {

  private final Process process;
  private final Path console;
  private final Path logs;

  private WatchdogProcess(Process process, Path console, Path logs) {
    this.process = process;
    this.console = console;
    this.logs = logs;
  }

  static WatchdogProcess start(Path directory, Map<String, String> environment) throws IOException {
    return start(Path.of(System.getProperty("java.home")), directory, environment);
  }

  static WatchdogProcess start(Path jdk, Path directory, Map<String, String> environment)
      throws IOException {
    Path console = Files.createTempFile(directory, "watchdog-", ".console");
    ProcessBuilder builder =
        new ProcessBuilder(
            java(
                jdk,
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                Watchdog.class.getName()));
    builder.environment().putAll(defaults(directory));
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(console.toFile());
    return new WatchdogProcess(builder.start(), console, directory.resolve("logs"));
  }

  Process process() {
    return process;
  }

  int awaitExit(Duration most) throws InterruptedException {
    if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("the watchdog does not end\n" + story());
    }
    return process.exitValue();
  }

  void signal(String name) throws IOException, InterruptedException {
    signal(process.pid(), name);
  }

  static void signal(long pid, String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
  }

  String console() {
    return read(console);
  }

  String log() {
    return read(logs.resolve("watchdog.log"));
  }

  /** What to show when a test fails. */
  String story() {
    return console() + log();
  }

  static String stubCommand(Path directory) {
    List<String> command =
        new ArrayList<>(
            java(
                Path.of(System.getProperty("java.home")),
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"),
                StubWorker.class.getName()));
    command.add(directory.toString());
    return String.join(" ", command);
  }

  private static List<String> java(Path jdk, List<String> options, String main) {
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin").resolve("java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            main));
    return command;
  }

  private static Map<String, String> defaults(Path directory) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("STOKER_DATA_DIR", directory.toString());
    environment.put("STOKER_LOG_DIR", directory.resolve("logs").toString());
    environment.put("STOKER_WORKER_COMMAND", stubCommand(directory));
    environment.put("STOKER_BACKOFF_MAX", "20ms");
    environment.put("STOKER_KILL_GRACE", "1s");
    environment.put("STOKER_STOP_GRACE", "3s");
    return environment;
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      return e.toString();
    }
  }
}

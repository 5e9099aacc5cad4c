package dev.stoker.endtoend;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A whole Stoker of its own: database, api-server, watchdog and workers, started through the
 * scripts that people use, with ports, data and logs apart from every other. It runs what Maven has
 * built.
 *
 * <p>A test that kills or stops something starts one of its own; one that does no harm takes the
 * {@linkplain SharedInstallation shared} one.
 */
public final class Installation implements AutoCloseable {
  /** Where the checkout is, whichever module the tests run in. */
  public static final Path HOME = home();

  private static final Duration SCRIPT_TIMEOUT = Duration.ofMinutes(6);

  private static final AtomicInteger NEXT_PORT =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(20_000, 30_000));

  private final Path directory;
  private final int port;
  private final Map<String, String> environment;

  private Installation(Path directory, Map<String, String> settings) {
    this.directory = directory;
    this.port = freePort();
    this.environment = environment(directory, port, settings);
  }

  /** Starts an installation below {@code target/endtoend}, with nothing left of an earlier run. */
  public static Installation start(String name) {
    return start(name, Map.of());
  }

  /** Starts an installation with settings beyond the defaults. */
  public static Installation start(String name, Map<String, String> settings) {
    return start(HOME.resolve("watchdog/target/endtoend").resolve(name), settings);
  }

  /** Starts an installation in a directory of the caller's choice, of which nothing is kept. */
  public static Installation start(Path directory, Map<String, String> settings) {
    Installation installation = new Installation(directory, settings);
    installation.removeEarlierRun();
    Finished started = installation.run("start-all.sh");
    if (started.status() != 0) {
      installation.endLeftovers();
      throw new IllegalStateException("start-all.sh failed:\n" + started.output());
    }
    return installation;
  }

  /** What a client sets as its base URL. */
  public URI baseUrl() {
    return URI.create("http://127.0.0.1:" + port + "/v1");
  }

  /** The base URL's server without {@code /v1}: where {@code /health} is. */
  public URI root() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** What the processes of this installation see. */
  public Map<String, String> environment() {
    return Map.copyOf(environment);
  }

  public Path dataDirectory() {
    return directory.resolve("data");
  }

  public Path logDirectory() {
    return directory.resolve("logs");
  }

  /** A command that has ended. */
  public record Finished(int status, String output) {}

  /** Runs one of the scripts to its end, for this installation. */
  public Finished run(String script, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(HOME.resolve("scripts").resolve(script).toString());
    command.addAll(List.of(arguments));
    return run(HOME, SCRIPT_TIMEOUT, command, environment);
  }

  /** Runs any command to its end; one that takes too long is ended with its children. */
  static Finished run(
      Path directory, Duration timeout, List<String> command, Map<String, String> environment) {
    try {
      Path output = Files.createTempFile("stoker-endtoend-", ".out");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      builder.environment().clear();
      builder.environment().putAll(environment);
      Process process = builder.start();
      boolean inTime = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
      if (!inTime) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
      String text = Files.readString(output);
      Files.delete(output);
      return inTime
          ? new Finished(process.exitValue(), text)
          : new Finished(-1, text + "\n(ended after " + timeout + ")");
    } catch (IOException e) {
      return new Finished(-1, "could not run " + command + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + command, e);
    }
  }

  /**
   * The components that have written a pid file, such as {@code api_server} and {@code worker-0}.
   */
  public List<String> components() {
    return pidFiles().map(Installation::component).sorted().toList();
  }

  /** The process of a component, if it runs: its pid file says "pid start-ticks". */
  public Optional<ProcessHandle> process(String component) {
    try {
      Path file = runDirectory().resolve(component + ".pid");
      String[] words = Files.readString(file).strip().split(" ", -1);
      long pid = Long.parseLong(words[0]);
      boolean same = words.length > 1 && words[1].equals(startTicks(pid));
      return same ? ProcessHandle.of(pid) : Optional.empty();
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Sends a signal, such as KILL or STOP, to a component that must be running. */
  public void signal(String component, String signal) {
    ProcessHandle process =
        process(component)
            .orElseThrow(() -> new IllegalStateException(component + " does not run"));
    signal(process.pid(), signal);
  }

  /** The worker processes, as the watchdog has started them; none that only rehearses. */
  public List<ProcessHandle> workers() {
    // Not every process of that jar is one: the rehearsal of a start runs it too.
    return components().stream()
        .filter(component -> component.startsWith("worker"))
        .flatMap(component -> process(component).stream())
        .toList();
  }

  /** Every process that belongs to this installation, whoever started it. */
  public List<ProcessHandle> processes() {
    String mark = "STOKER_DATA_DIR=" + dataDirectory();
    return ProcessHandle.allProcesses().filter(process -> environ(process).contains(mark)).toList();
  }

  /** Stops everything and insists that nothing is left. */
  @Override
  public void close() {
    Finished stopped = run("stop-all.sh");
    List<String> left = endLeftovers();
    if (stopped.status() != 0 || !left.isEmpty()) {
      throw new IllegalStateException(
          "stop-all.sh left %s and said:%n%s".formatted(left, stopped.output()));
    }
  }

  private void removeEarlierRun() {
    endLeftovers();
    delete(directory);
    try {
      Files.createDirectories(dataDirectory());
      Files.createDirectories(logDirectory());
    } catch (IOException e) {
      throw new IllegalStateException("cannot create " + directory, e);
    }
  }

  private List<String> endLeftovers() {
    List<ProcessHandle> left = processes();
    List<String> commands = left.stream().map(Installation::describe).toList();
    left.forEach(process -> signal(process.pid(), "KILL"));
    return commands;
  }

  private Path runDirectory() {
    return dataDirectory().resolve("run");
  }

  private Stream<Path> pidFiles() {
    try (Stream<Path> files = Files.list(runDirectory())) {
      return files.filter(file -> file.toString().endsWith(".pid")).toList().stream();
    } catch (IOException e) {
      return Stream.empty();
    }
  }

  private static String component(Path pidFile) {
    String name = pidFile.getFileName().toString();
    return name.substring(0, name.length() - ".pid".length());
  }

  /** Sends a signal to a process of this installation. */
  public void signal(ProcessHandle process, String signal) {
    signal(process.pid(), signal);
  }

  private static void signal(long pid, String signal) {
    run(HOME, Duration.ofSeconds(10), List.of("kill", "-" + signal, "" + pid), System.getenv());
  }

  /** Field 22 of {@code /proc/PID/stat}, which tells a process from a later one of its number. */
  private static String startTicks(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19];
  }

  private static String describe(ProcessHandle process) {
    return process.pid() + " " + process.info().commandLine().orElse("?");
  }

  /** The environment that a process was started with; empty if it is gone or not ours to read. */
  private static List<String> environ(ProcessHandle process) {
    try {
      byte[] environ = Files.readAllBytes(Path.of("/proc/" + process.pid() + "/environ"));
      return List.of(new String(environ, StandardCharsets.UTF_8).split("\0", -1));
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Nothing of the machine's own configuration may leak into a test. */
  private static Map<String, String> environment(
      Path directory, int port, Map<String, String> settings) {
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.keySet().removeIf(key -> key.startsWith("STOKER_") || key.startsWith("OPENAI_"));
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("SENTRY_DSN", "");
    environment.put("STOKER_ENV_FILE", "/dev/null");
    environment.put("STOKER_SKIP_BUILD", "true");
    environment.put("STOKER_API_PORT", Integer.toString(port));
    environment.put("STOKER_DATABASE_PORT", Integer.toString(freePort()));
    environment.put("STOKER_DATA_DIR", directory.resolve("data").toString());
    environment.put("STOKER_LOG_DIR", directory.resolve("logs").toString());
    environment.putAll(settings);
    return environment;
  }

  /**
   * Below the range from which the system hands out ports, so that nobody gets it meanwhile; never
   * the same twice.
   */
  public static int freePort() {
    int port = NEXT_PORT.getAndIncrement();
    return isFree(port) ? port : freePort();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static Path home() {
    for (Path path = Path.of("").toAbsolutePath(); path != null; path = path.getParent()) {
      if (Files.exists(path.resolve("scripts/start-all.sh"))) {
        return path;
      }
    }
    throw new IllegalStateException(
        "no scripts/start-all.sh above " + Path.of("").toAbsolutePath());
  }

  private static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    Finished removed =
        run(
            HOME,
            Duration.ofMinutes(1),
            List.of("rm", "-r", directory.toString()),
            System.getenv());
    if (removed.status() != 0) {
      throw new IllegalStateException(removed.output());
    }
  }
}

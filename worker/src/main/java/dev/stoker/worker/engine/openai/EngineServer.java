package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that this process has started, on a loopback port of its own. It lives in the worker's
 * session and control group, so that whoever kills the worker's tree takes it along; closed, it
 * ends with all that it started in turn.
 */
final class EngineServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EngineServer.class);

  /** Ten seconds: who hangs in a driver takes that long, or for ever. */
  private static final int DEATH_LOOKS = 500;

  private static final long DEATH_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Whoever else holds its output may hold it open. */
  private static final Duration LAST_WORDS_PATIENCE = Duration.ofSeconds(1);

  private static final int LINE_CHARS_MAX = 4_000;

  /** The watchdog finds out by it whose process this is. */
  private static final String KEPT = "STOKER_WORKER_NAME";

  private final URI url;
  private final Process process;
  private final Duration stopGrace;
  private final Logger output;
  private final AtomicLong lines = new AtomicLong();

  /** Whoever was seen to descend from it: that can no longer be seen once a parent is dead. */
  private final Set<ProcessHandle> family = ConcurrentHashMap.newKeySet();

  private final Thread reader =
      Thread.ofPlatform().daemon().name("engine-output").unstarted(this::readOutput);

  private volatile String lastLine = "";
  private volatile boolean closing;

  private EngineServer(URI url, Process process, Duration stopGrace, Logger output) {
    this.url = url;
    this.process = process;
    this.stopGrace = stopGrace;
    this.output = output;
    family.add(process.toHandle());
  }

  /**
   * @param output what it prints goes there
   * @throws IOException when it cannot be started
   */
  static EngineServer start(ServerSettings settings, Logger output) throws IOException {
    int port = freePort();
    List<String> words = settings.command().words(port);
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.redirectInput(new File("/dev/null"));
    hideSecrets(builder.environment());
    EngineServer server =
        new EngineServer(
            URI.create("http://127.0.0.1:" + port), builder.start(), settings.stopGrace(), output);
    // Only the program: its words may hold a key.
    log.info(
        "The engine {} starts as process {}: {}",
        server.url,
        server.process.pid(),
        words.getFirst());
    server.reader.start();
    return server;
  }

  /** Another may take it before the server does, which then fails to start and is tried again. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Of all that this process knows, a server needs no password of Stoker's. */
  private static void hideSecrets(Map<String, String> environment) {
    environment
        .keySet()
        .removeIf(
            key ->
                (key.startsWith("STOKER_") && !key.equals(KEPT))
                    || key.equals("SENTRY_DSN")
                    || key.equals("NOTIFY_SOCKET"));
  }

  URI url() {
    return url;
  }

  /** Grows as it prints, and as it computes. */
  long steps() {
    return lines.get() + cpuSeconds();
  }

  private long cpuSeconds() {
    return family().stream()
        .mapToLong(member -> member.info().totalCpuDuration().orElse(Duration.ZERO).toSeconds())
        .sum();
  }

  /** The last that it has printed. */
  String lastLine() {
    return lastLine;
  }

  /** Tells, on another thread, when it has ended although nobody closed it. */
  void onExit(Consumer<String> action) {
    Thread.ofVirtual().name("engine-exit").start(() -> awaitExit(action));
  }

  private void awaitExit(Consumer<String> action) {
    try {
      int status = process.waitFor();
      reader.join(LAST_WORDS_PATIENCE);
      if (!closing) {
        action.accept("its process ended with status " + status + ": " + lastLine);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Notes who belongs to it now. */
  void remember() {
    family();
  }

  private Set<ProcessHandle> family() {
    family.removeIf(EngineServer::dead);
    // Each look at descendants reads all of /proc: one for each member without a living parent.
    List.copyOf(family).stream()
        .filter(member -> member.parent().filter(family::contains).isEmpty())
        .forEach(root -> root.descendants().forEach(family::add));
    family.removeIf(EngineServer::dead);
    return family;
  }

  private void readOutput() {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      StringBuilder line = new StringBuilder();
      for (int c = reader.read(); c >= 0; c = reader.read()) {
        boolean end = c == '\n' || c == '\r';
        if (!end) {
          line.append((char) c);
        }
        if (end || line.length() >= LINE_CHARS_MAX) {
          print(line.toString());
          line.setLength(0);
        }
      }
      print(line.toString());
    } catch (IOException e) {
      log.debug("the engine's output ended", e);
    }
  }

  private void print(String line) {
    if (!line.isBlank()) {
      lines.incrementAndGet();
      lastLine = line;
      output.info("{}", line);
    }
  }

  /** Asks it to end, waits, and kills whatever is left of it. */
  @Override
  public void close() {
    closing = true;
    remember();
    process.destroy();
    if (!ended()) {
      log.warn("The engine {} is killed: it did not end within {} s", url, stopGrace.toSeconds());
    }
    if (killed()) {
      log.info("The engine {} has ended, and all that it started", url);
    } else {
      log.error("Processes of the engine {} cannot be ended: {}", url, family);
    }
  }

  private boolean ended() {
    try {
      return process.waitFor(stopGrace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Whoever it started has lost its master, and holds the GPU's memory. */
  private boolean killed() {
    for (int look = 0; look < DEATH_LOOKS && !family().isEmpty(); look++) {
      family.forEach(ProcessHandle::destroyForcibly);
      LockSupport.parkNanos(DEATH_LOOK_NANOS);
    }
    return family.isEmpty();
  }

  /** Also one that only waits for its parent to take note. */
  static boolean dead(ProcessHandle member) {
    try {
      String stat = Files.readString(Path.of("/proc/" + member.pid() + "/stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state == 'Z' || state == 'X' || !member.isAlive();
    } catch (IOException e) {
      return true;
    }
  }
}

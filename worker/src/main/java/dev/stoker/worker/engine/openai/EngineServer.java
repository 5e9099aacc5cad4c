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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
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

  private static final Duration DEATH_PATIENCE = Duration.ofSeconds(10);
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);
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

  private volatile String lastLine = "";
  private volatile boolean closing;

  private EngineServer(URI url, Process process, Duration stopGrace, Logger output) {
    this.url = url;
    this.process = process;
    this.stopGrace = stopGrace;
    this.output = output;
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
    log.info("The engine {} starts as process {}: {}", server.url, server.process.pid(), words);
    Thread.ofPlatform().daemon().name("engine-output").start(server::readOutput);
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
    process
        .onExit()
        .thenAccept(
            ended -> {
              if (!closing) {
                action.accept(
                    "its process ended with status " + ended.exitValue() + ": " + lastLine);
              }
            });
  }

  private Set<ProcessHandle> family() {
    Set<ProcessHandle> seen = new HashSet<>(Set.of(process.toHandle()));
    process.descendants().forEach(seen::add);
    family.addAll(seen);
    // Whoever was adopted by another after its parent died may have had children since.
    family.forEach(member -> member.descendants().forEach(family::add));
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
    family();
    process.destroy();
    if (!within(stopGrace, () -> family().isEmpty())) {
      log.warn("The engine {} is killed: it did not end within {} s", url, stopGrace.toSeconds());
    }
    boolean gone =
        within(
            DEATH_PATIENCE,
            () -> {
              family().forEach(ProcessHandle::destroyForcibly);
              return family.isEmpty();
            });
    if (gone) {
      log.info("The engine {} has ended, and all that it started", url);
    } else {
      log.error("Processes of the engine {} cannot be ended: {}", url, family);
    }
  }

  /** Also one that only waits for its parent to take note. */
  private static boolean dead(ProcessHandle member) {
    try {
      String stat = Files.readString(Path.of("/proc/" + member.pid() + "/stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state == 'Z' || state == 'X' || !member.isAlive();
    } catch (IOException e) {
      return true;
    }
  }

  private static boolean within(Duration patience, BooleanSupplier condition) {
    CountDownLatch never = new CountDownLatch(1);
    long looks = Math.max(1, patience.dividedBy(LOOK_EVERY));
    try {
      for (long look = 0; look < looks; look++) {
        if (condition.getAsBoolean() || never.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
          return true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return condition.getAsBoolean();
  }
}

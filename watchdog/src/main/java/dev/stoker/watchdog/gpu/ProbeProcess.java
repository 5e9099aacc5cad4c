package dev.stoker.watchdog.gpu;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link GpuProbe} that runs, and is asked again and again: a JVM and the driver's library are
 * started once. Asked by one thread; anybody may close it.
 */
final class ProbeProcess implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ProbeProcess.class);

  private static final int LINES_OF_AN_ANSWER = 2;

  /** Stands for the end of all lines; no probe prints an empty one. */
  private static final String END = "";

  /** For the first line, which no driver is asked for: on a busy host a JVM starts slowly. */
  private static final Duration START_PATIENCE = Duration.ofSeconds(10);

  private static final Duration DEATH_PATIENCE = Duration.ofSeconds(1);

  private final Process process;
  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(2 * LINES_OF_AN_ANSWER);

  private volatile boolean closed;

  private ProbeProcess(Process process) {
    this.process = process;
  }

  static ProbeProcess start(GpuSettings settings) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command(settings));
    builder.environment().remove("NOTIFY_SOCKET");
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    ProbeProcess probe = new ProbeProcess(builder.start());
    Thread.ofPlatform().name("gpu-probe-output").daemon(true).start(probe::read);
    return probe;
  }

  /**
   * Looks once.
   *
   * @param patience how long the driver may take; who has not answered then is to be closed
   */
  GpuLook ask(Duration patience) throws IOException, InterruptedException {
    OutputStream input = process.getOutputStream();
    input.write('\n');
    input.flush();
    List<String> answer = new ArrayList<>();
    String missing = "";
    while (answer.size() < LINES_OF_AN_ANSWER && missing.isEmpty()) {
      Duration most = answer.isEmpty() ? START_PATIENCE : patience;
      String line = lines.poll(most.toNanos(), TimeUnit.NANOSECONDS);
      if (line == null) {
        missing = "%s did not answer within %d ms".formatted(asked(answer), most.toMillis());
      } else if (line.equals(END)) {
        missing = "the probe ended";
      } else {
        answer.add(line);
      }
    }
    return GpuJson.read(String.join("\n", answer), missing);
  }

  private static String asked(List<String> answered) {
    return answered.isEmpty() ? "the probe" : "the driver";
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Whether it was killed, which is not to say that it is dead. */
  boolean isClosed() {
    return closed;
  }

  long pid() {
    return process.pid();
  }

  /** Kills it. One that the driver holds in the kernel stays alive for all that. */
  @Override
  public void close() {
    closed = true;
    process.destroyForcibly();
    try {
      process.waitFor(DEATH_PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void read() {
    try (BufferedReader reader = process.inputReader(UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.put(line);
      }
    } catch (IOException e) {
      log.debug("A probe was killed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lines.offer(END);
    }
  }

  private static List<String> command(GpuSettings settings) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx32m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(GpuProbe.class.getName(), settings.library(), settings.kernelLog().toString()));
    return command;
  }
}

package dev.stoker.watchdog.gpu;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the GPUs of this host without ever touching the driver itself: a probe process does,
 * which is killed when it takes too long. Where there is no driver no process is started.
 */
public final class GpuWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(GpuWatch.class);

  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int WAITING_MAX = 128;

  private final GpuSettings settings;
  private final Duration patience;
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_MAX),
          task -> Thread.ofPlatform().name("gpu-watch").daemon(true).unstarted(task),
          new ThreadPoolExecutor.AbortPolicy());

  /** Killed, and yet there, since the driver holds it: another would only be held too. */
  private Optional<Process> stuck = Optional.empty();

  public GpuWatch(GpuSettings settings) {
    this(settings, PATIENCE);
  }

  /**
   * @param patience how long the driver may take
   */
  public GpuWatch(GpuSettings settings, Duration patience) {
    this.settings = settings;
    this.patience = patience;
  }

  /**
   * Looks once. Returns at once.
   *
   * @param answered told in every case: later, on a thread of this object, or at once that there
   *     are too many who ask
   */
  public void look(Consumer<GpuLook> answered) {
    try {
      thread.execute(() -> answered.accept(look()));
    } catch (RejectedExecutionException e) {
      answered.accept(unknown("too many ask, or the watchdog stops"));
    }
  }

  /** Looks no more. */
  @Override
  public void close() {
    thread.shutdownNow();
  }

  private GpuLook look() {
    if (!settings.plausible()) {
      return new GpuLook.NoGpu();
    }
    if (stuck.filter(Process::isAlive).isPresent()) {
      return unknown("the driver still holds an earlier probe, pid " + stuck.get().pid());
    }
    try {
      return probe();
    } catch (IOException | RuntimeException | Error e) { // whoever asked waits for an answer
      log.warn("The GPUs cannot be looked at", e);
      return unknown("no probe could be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unknown("the watchdog stops");
    }
  }

  private GpuLook probe() throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command());
    builder.environment().remove("NOTIFY_SOCKET");
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process probe = builder.start();
    try {
      boolean ended = probe.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS);
      String output = output(probe, ended);
      return GpuJson.read(
          output,
          ended
              ? "the probe ended with " + probe.exitValue()
              : "the driver did not answer within " + patience.toMillis() + " ms");
    } finally {
      probe.destroyForcibly();
      stuck = Optional.of(probe);
    }
  }

  /** Of a probe that hangs only what is there already: waiting for its end would hang too. */
  private static String output(Process probe, boolean ended) throws IOException {
    InputStream output = probe.getInputStream();
    byte[] bytes = ended ? output.readAllBytes() : output.readNBytes(output.available());
    return new String(bytes, UTF_8);
  }

  private List<String> command() {
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

  private static GpuLook unknown(String reason) {
    return new GpuLook.Unknown(reason, KernelMessages.NONE);
  }
}

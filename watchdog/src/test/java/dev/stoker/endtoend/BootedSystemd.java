package dev.stoker.endtoend;

import dev.stoker.endtoend.Installation.Finished;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A systemd of its own in namespaces, on a throw-away layer above this machine's files, with this
 * checkout at {@code /opt/stoker}. Needs root; nothing outside is changed.
 */
final class BootedSystemd implements AutoCloseable {
  private static final Duration COMMAND_TIMEOUT = Duration.ofMinutes(3);
  private static final Path BOOT =
      Installation.HOME.resolve("watchdog/src/test/resources/boot-systemd.sh");

  private final String group = "stoker-test-" + ProcessHandle.current().pid();
  private final Path layer;
  private final Path log;
  private final Process unshare;

  private BootedSystemd() throws IOException {
    layer = Files.createTempDirectory("stoker-systemd-");
    log = Files.createTempFile("stoker-systemd-", ".log");
    unshare =
        new ProcessBuilder(
                "setsid", "-w", BOOT.toString(), layer.toString(), Installation.HOME + "", group)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
  }

  /** Why none can be booted here, if so. */
  static Optional<String> hindrance() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("only root can boot a systemd in namespaces");
    }
    return Stream.of("/lib/systemd/systemd", "/usr/bin/unshare", "/usr/bin/nsenter")
        .filter(program -> !Files.isExecutable(Path.of(program)))
        .map(program -> program + " is not there")
        .findFirst()
        .or(
            () ->
                Installation.HOME.startsWith("/opt/stoker")
                    ? Optional.of("the checkout is where the layer would show it")
                    : Optional.empty());
  }

  static BootedSystemd boot() throws IOException {
    BootedSystemd booted = new BootedSystemd();
    try {
      Until.within(Duration.ofSeconds(6))
          .holds(() -> booted.run("systemctl is-system-running").output().startsWith("running"));
      return booted;
    } catch (AssertionError e) {
      String story = Files.readString(booted.log);
      booted.close();
      throw new AssertionError("systemd does not come up: " + story, e);
    }
  }

  /** Runs lines of bash inside. */
  Finished run(String script) {
    Optional<ProcessHandle> first =
        unshare
            .descendants()
            .filter(process -> command(process).contains("--unit=basic"))
            .findFirst();
    if (first.isEmpty()) {
      return new Finished(-1, "there is no systemd");
    }
    List<String> command = new ArrayList<>(List.of("nsenter", "-t", "" + first.get().pid()));
    command.addAll(List.of("-m", "-p", "-u", "-i", "-n", "-C", "--wdns=/", "bash", "-c", script));
    return Installation.run(Path.of("/"), COMMAND_TIMEOUT, command, System.getenv());
  }

  @Override
  public void close() {
    // With unshare's child, the first process of the namespace, all others in it end.
    unshare.descendants().forEach(ProcessHandle::destroyForcibly);
    unshare.destroyForcibly();
    try {
      unshare.waitFor();
      Until.within(Duration.ofSeconds(2)).holds(this::groupsRemoved);
      Files.deleteIfExists(layer);
      Files.deleteIfExists(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean groupsRemoved() {
    String script =
        """
        for group in /sys/fs/cgroup/%1$s /sys/fs/cgroup/*/%1$s; do
          [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +
        done"""
            .formatted(group);
    return Installation.run(
            Path.of("/"), COMMAND_TIMEOUT, List.of("bash", "-c", script), System.getenv())
        .output()
        .isEmpty();
  }

  private static String command(ProcessHandle process) {
    return process.info().commandLine().orElse("");
  }
}

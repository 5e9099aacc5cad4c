package dev.stoker.chaos;

import dev.stoker.endtoend.Installation;
import dev.stoker.loop.Loop;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Starts again what has ended, as systemd does for units with Restart=always: api-server, watchdog
 * and PostgreSQL. Workers are the watchdog's.
 */
final class Keeper implements AutoCloseable {
  private static final Duration LOOK_EVERY = Duration.ofMillis(100);
  private static final Duration RESTART_AFTER = Duration.ofSeconds(1);
  private static final Map<String, String> LAUNCHES =
      Map.of("api_server", "launch_api_server", "watchdog", "launch_watchdog");

  private final Installation installation;
  private final PostgresServer database;
  private final Set<String> held = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> goneSince = new ConcurrentHashMap<>();
  private final Loop loop;

  Keeper(Installation installation, PostgresServer database) {
    this.installation = installation;
    this.database = database;
    this.loop = new Loop("keeper", LOOK_EVERY, this::look).start();
  }

  /** Until further notice the database is not started again. */
  void holdDatabase(boolean now) {
    if (now) {
      held.add("database");
    } else {
      held.remove("database");
    }
  }

  @Override
  public void close() {
    loop.close();
  }

  private boolean look() throws IOException, InterruptedException {
    for (Map.Entry<String, String> launch : LAUNCHES.entrySet()) {
      if (isDue(launch.getKey(), installation.process(launch.getKey()).isPresent())) {
        launch(launch.getValue());
      }
    }
    if (isDue("database", database.runs())) {
      database.start();
    }
    return false;
  }

  private boolean isDue(String part, boolean runs) {
    if (runs || held.contains(part)) {
      goneSince.remove(part);
      return false;
    }
    long now = System.nanoTime();
    long since = goneSince.computeIfAbsent(part, _ -> now);
    boolean due = now - since >= RESTART_AFTER.toNanos();
    if (due) {
      goneSince.remove(part);
    }
    return due;
  }

  private void launch(String function) throws IOException, InterruptedException {
    Path common = Installation.HOME.resolve("scripts/common.sh");
    String script = ". '%s' && use_jdk && %s".formatted(common, function);
    ProcessBuilder builder =
        new ProcessBuilder(List.of("bash", "-c", script))
            .directory(Installation.HOME.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().clear();
    builder.environment().putAll(installation.environment());
    builder.start().waitFor();
  }
}

package dev.stoker.chaos;

import java.time.Duration;
import java.util.Locale;

/** What can be inflicted, and how long it lasts at least and at most; zero: a moment. */
enum Fault {
  WORKER_KILLED(0, 0),
  ALL_WORKERS_KILLED(0, 0),
  WORKER_FROZEN(1, 20),
  WORKER_DRAINED(0, 0),
  API_KILLED(0, 0),
  API_FROZEN(1, 8),
  API_RESTARTED(0, 0),
  WATCHDOG_KILLED(0, 0),
  WATCHDOG_FROZEN(1, 15),
  WATCHDOG_RESTARTED(0, 0),
  ALL_RESTARTED_IN_TURN(0, 0),
  ALL_KILLED(0, 0),

  DATABASE_KILLED(0, 0),
  DATABASE_RESTARTED(0, 0),
  DATABASE_SESSION_KILLED(0, 0),
  DATABASE_AWAY(3, 12),
  DATABASE_SLOW(3, 12),
  DATABASE_LOCKED(1, 6),
  DATABASE_SILENT(2, 15),
  DATABASE_FULL(2, 8),
  CONNECTIONS_CUT(0, 0),
  CONNECTIONS_FRAIL(3, 10),
  COMMITS_UNANSWERED(1, 3),
  CONNECTIONS_USED_UP(3, 12),

  ENGINE_CRASHED(1, 8),
  ENGINE_HANGING(2, 20),
  ENGINE_BUSY(2, 8),
  ENGINE_UNAVAILABLE(2, 8),
  ENGINE_SLOW(3, 10),
  ENGINE_FAILING(3, 10),
  ENGINE_RESETTING(3, 10),
  ENGINE_TRUNCATING(3, 10),
  ENGINE_TALKING_GARBAGE(3, 10),

  CLIENTS_CUT(0, 0),
  LOGS_FULL(3, 12),
  CLOCK_JUMPED(2, 15);

  private final Duration least;
  private final Duration most;

  Fault(int leastSeconds, int mostSeconds) {
    this.least = Duration.ofSeconds(leastSeconds);
    this.most = Duration.ofSeconds(mostSeconds);
  }

  Duration least() {
    return least;
  }

  /** A long run has time for a database that is away for two minutes. */
  Duration most(boolean longRun) {
    return longRun && this == DATABASE_AWAY ? Duration.ofMinutes(2) : most;
  }

  /** As a person reads it. */
  String words() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}

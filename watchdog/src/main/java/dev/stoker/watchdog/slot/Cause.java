package dev.stoker.watchdog.slot;

import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.Optional;

/** Why a worker is started, or started again. */
public sealed interface Cause {

  /** For people; also the recovery's cause in the database. */
  String text();

  /** Whether the start that follows uses up the budget of restarts. */
  boolean counts();

  /** A start that nothing went wrong before. */
  record Planned(String text) implements Cause {
    @Override
    public boolean counts() {
      return false;
    }
  }

  /** It ended by itself, or somebody else killed it. */
  record Died(Optional<ExitStatus> status) implements Cause {
    @Override
    public String text() {
      return status.map(ExitStatus::text).orElse("died, how is not known");
    }

    @Override
    public boolean counts() {
      return status.filter(known -> known.returned(ExitStatus.FENCED)).isEmpty();
    }
  }

  /** It was dead when the watchdog started. */
  record FoundDead() implements Cause {
    @Override
    public String text() {
      return "found dead when the watchdog started";
    }

    @Override
    public boolean counts() {
      return true;
    }
  }

  /** Its heartbeat is stale. */
  record Silent(Duration age) implements Cause {
    @Override
    public String text() {
      return "no heartbeat for " + seconds(age);
    }

    @Override
    public boolean counts() {
      return true;
    }
  }

  /** Its local heartbeat stands still, and the database cannot be asked. */
  record SilentLocally(Duration still) implements Cause {
    @Override
    public String text() {
      return "no local heartbeat for " + seconds(still) + ", and no database to ask";
    }

    @Override
    public boolean counts() {
      return true;
    }
  }

  /** It lives, but what it finishes cannot reach the database, which is well. */
  record CutOff(Duration age) implements Cause {
    @Override
    public String text() {
      return "cut off from the database for " + seconds(age);
    }

    @Override
    public boolean counts() {
      return true;
    }
  }

  /** It beats, has work, and its engine does nothing. */
  record Stuck(Duration since, int inFlight) implements Cause {
    @Override
    public String text() {
      return "no sign of its engine for %s with %d in flight".formatted(seconds(since), inFlight);
    }

    @Override
    public boolean counts() {
      return true;
    }
  }

  /** It lives, but did not become ready in time. */
  record NeverReady(Duration after) implements Cause {
    @Override
    public String text() {
      return "not ready after " + seconds(after);
    }

    @Override
    public boolean counts() {
      return true;
    }
  }

  /** Another process has its place in the database, and it did not end for that. */
  record Superseded() implements Cause {
    @Override
    public String text() {
      return "superseded, and still there";
    }

    @Override
    public boolean counts() {
      return false;
    }
  }

  /** No process could be made. */
  record NotStarted(String reason) implements Cause {
    @Override
    public String text() {
      return "could not be started: " + reason;
    }

    @Override
    public boolean counts() {
      return true;
    }
  }

  private static String seconds(Duration duration) {
    return "%.1f s".formatted(duration.toMillis() / 1000.0);
  }
}

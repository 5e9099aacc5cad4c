package dev.stoker.watchdog.alert;

import io.sentry.SentryLevel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Something that people should hear of. Those alike have one fingerprint. */
public sealed interface Alert {

  SentryLevel level();

  /** What the same trouble has in common: no pid, no incarnation, no number that varies. */
  List<String> fingerprint(String host);

  String text();

  /** Which worker it is about, if it is about one. */
  Optional<Incident> about();

  /** Whether it goes out however many alike went before. */
  default boolean always() {
    return false;
  }

  /**
   * A worker was lost and works again.
   *
   * @param verdict the kind of its end, such as {@code Died} or {@code Silent}
   * @param exit its signal or exit code
   * @param text the whole story
   */
  record Recovered(Incident incident, String verdict, String exit, String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.WARNING;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("worker-death", verdict, exit);
    }

    @Override
    public Optional<Incident> about() {
      return Optional.of(incident);
    }
  }

  /** A worker stays down until a person looks after it. */
  record GaveUp(Incident incident, String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.FATAL;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("gave-up", host, incident.worker());
    }

    @Override
    public Optional<Incident> about() {
      return Optional.of(incident);
    }

    @Override
    public boolean always() {
      return true;
    }
  }

  /** A worker that was killed and is still there. */
  record Unkillable(Incident incident, String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.FATAL;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("unkillable", host, incident.worker());
    }

    @Override
    public Optional<Incident> about() {
      return Optional.of(incident);
    }

    @Override
    public boolean always() {
      return true;
    }
  }

  /**
   * A GPU is broken, and no worker is started on it until a person says so.
   *
   * @param gpu its UUID, if it still says one
   */
  record GpuQuarantined(Incident incident, String gpu, String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.FATAL;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("gpu-quarantine", gpu);
    }

    @Override
    public Optional<Incident> about() {
      return Optional.of(incident);
    }

    @Override
    public boolean always() {
      return true;
    }
  }

  /** A dead worker's GPU memory is still held, so that no other can be started. */
  record GpuBusy(Incident incident, String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.ERROR;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("gpu-busy", host, incident.worker());
    }

    @Override
    public Optional<Incident> about() {
      return Optional.of(incident);
    }
  }

  /**
   * A GPU breaks under a worker, or under nobody.
   *
   * @param gpu which of which host
   */
  record GpuUnhealthy(String gpu, String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.ERROR;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("gpu-unhealthy", gpu);
    }

    @Override
    public Optional<Incident> about() {
      return Optional.empty();
    }
  }

  /**
   * A GPU works, but asks for a person's time.
   *
   * @param gpu its UUID
   */
  record GpuDegraded(Incident incident, String gpu, String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.WARNING;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("gpu-degraded", gpu);
    }

    @Override
    public Optional<Incident> about() {
      return Optional.of(incident);
    }
  }

  /** Something is wrong with this host that no restart of a worker mends. */
  record NodeUnhealthy(String text) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.ERROR;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("node-unhealthy", host);
    }

    @Override
    public Optional<Incident> about() {
      return Optional.empty();
    }
  }

  /** The watchdog has not reached its database for so long. */
  record Blind(Duration length) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.ERROR;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of("watchdog-blind", host);
    }

    @Override
    public String text() {
      return "no answer from the database for " + length.toSeconds() + " s";
    }

    @Override
    public Optional<Incident> about() {
      return Optional.empty();
    }
  }

  /** The watchdog itself is at fault. */
  record Failed(Throwable cause) implements Alert {
    @Override
    public SentryLevel level() {
      return SentryLevel.ERROR;
    }

    @Override
    public List<String> fingerprint(String host) {
      return List.of(); // that of the place where it was thrown
    }

    @Override
    public String text() {
      return "the watchdog failed: " + cause;
    }

    @Override
    public Optional<Incident> about() {
      return Optional.empty();
    }
  }
}

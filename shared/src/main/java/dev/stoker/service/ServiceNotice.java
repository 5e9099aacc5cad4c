package dev.stoker.service;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process tells the service manager that started it, in the protocol of systemd's {@code
 * sd_notify}. No call waits or fails: not for a manager that does not listen, and not without one,
 * when nothing is told.
 */
public final class ServiceNotice {
  private static final Logger log = LoggerFactory.getLogger(ServiceNotice.class);

  private static final int PINGS_PER_TIMEOUT = 3;
  private static final int TRIES_MAX = 100;
  private static final long RETRY_NANOS = Duration.ofMillis(10).toNanos();

  private final Optional<NotifySocket> socket;
  private final Optional<Duration> pingEvery;
  private final LongSupplier ticker;
  private Optional<Long> pingedAt = Optional.empty();

  private ServiceNotice(
      Optional<NotifySocket> socket, Optional<Duration> pingEvery, LongSupplier ticker) {
    this.socket = socket;
    this.pingEvery = pingEvery;
    this.ticker = ticker;
  }

  /**
   * To the manager that started this process, if one did.
   *
   * @param ticker of nanoseconds
   */
  public static ServiceNotice ofThisProcess(LongSupplier ticker) {
    return of(System.getenv(), ProcessHandle.current().pid(), ticker);
  }

  /** As a process with this environment and this pid would tell it. */
  public static ServiceNotice of(Map<String, String> environment, long pid, LongSupplier ticker) {
    Optional<NotifySocket> socket =
        Optional.ofNullable(environment.get("NOTIFY_SOCKET"))
            .filter(name -> name.startsWith("/") || name.startsWith("@"))
            .flatMap(ServiceNotice::open);
    Optional<Duration> pingEvery = socket.flatMap(_ -> pingEvery(environment, pid));
    return new ServiceNotice(socket, pingEvery, ticker);
  }

  /** How often {@link #alive} is told; empty when nobody waits for it. */
  public Optional<Duration> pingEvery() {
    return pingEvery;
  }

  /** Its start is done. */
  public void ready(String status) {
    insist("READY=1\nSTATUS=" + oneLine(status));
  }

  /** One line for people. */
  public void status(String status) {
    tell("STATUS=" + oneLine(status));
  }

  /**
   * It works, as whatever calls this has just seen; more often than needed does no harm. By one
   * thread. What is not taken is told again with the next call.
   */
  public void alive() {
    if (pingEvery.isEmpty()) {
      return;
    }
    long now = ticker.getAsLong();
    if (pingedAt.isEmpty() || now - pingedAt.get() >= pingEvery.get().toNanos()) {
      if (tell("WATCHDOG=1")) {
        pingedAt = Optional.of(now);
      }
    }
  }

  /** It has begun to end. */
  public void stopping() {
    insist("STOPPING=1");
  }

  /** Its start, or its end, goes on and may take so long from now. */
  public void extendStart(Duration most) {
    tell("EXTEND_TIMEOUT_USEC=" + most.toNanos() / 1000);
  }

  private boolean tell(String message) {
    return socket.map(opened -> opened.send(message)).orElse(false);
  }

  /** Tries again in the background, for a second. */
  private void insist(String message) {
    if (socket.isPresent() && !tell(message)) {
      Thread.ofPlatform().name("service-notice").daemon(true).start(() -> repeat(message));
    }
  }

  private void repeat(String message) {
    int tries = 1;
    while (tries < TRIES_MAX && !tell(message)) {
      LockSupport.parkNanos(RETRY_NANOS);
      tries++;
    }
    if (tries == TRIES_MAX) {
      log.warn("The service manager does not take notices; it was not told {}", oneLine(message));
    }
  }

  private static Optional<NotifySocket> open(String name) {
    try {
      return Optional.of(new NotifySocket(name));
    } catch (LinkageError | RuntimeException e) {
      log.warn("The service manager cannot be told anything: {}", e.toString());
      return Optional.empty();
    }
  }

  private static Optional<Duration> pingEvery(Map<String, String> environment, long pid) {
    String own = Long.toString(pid);
    if (!environment.getOrDefault("WATCHDOG_PID", own).equals(own)) {
      return Optional.empty(); // another process is meant
    }
    try {
      long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
      return Optional.of(Duration.ofNanos(micros * 1000 / PINGS_PER_TIMEOUT))
          .filter(Duration::isPositive);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static String oneLine(String text) {
    return text.replace('\n', ' ');
  }
}

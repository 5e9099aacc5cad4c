package dev.stoker.health;

import java.time.Instant;
import java.util.Optional;

/**
 * One time that a watchdog started or restarted a worker.
 *
 * @param planned a first start or a person's wish; costs no restart
 * @param poison a line that kills workers was being closed in on; costs no restart
 * @param exitStatus 128 + signal for a process ended by a signal
 * @param detectedAt by the database's clock, as are all durations
 * @param readyMs from detection until the new worker was ready; empty if it never was
 * @param incident the directory of its evidence, on its host; may be empty
 */
public record RecoveryView(
    long id,
    String worker,
    boolean planned,
    boolean poison,
    String cause,
    Optional<Integer> exitStatus,
    Optional<Long> oldPid,
    Optional<Long> newPid,
    int leasesReturned,
    Instant detectedAt,
    Optional<Long> fenceMs,
    Optional<Long> killMs,
    Optional<Long> confirmMs,
    Optional<Long> readyMs,
    String incident) {}

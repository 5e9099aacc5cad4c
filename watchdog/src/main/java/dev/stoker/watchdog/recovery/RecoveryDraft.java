package dev.stoker.watchdog.recovery;

import java.time.Duration;
import java.util.Optional;

/**
 * What is known of a recovery when it asks for its start.
 *
 * @param planned whether it costs nothing
 * @param poison whether it costs nothing since a poison line is being closed in on, within bounds
 * @param convicted whether that line is found, so that the death which began the search costs
 *     nothing either
 * @param fruitless whether the old process died with lines in flight and had finished none, after a
 *     long life
 * @param evidence what was seen of the old process, for people
 * @param incident the directory of that, on its host
 * @param exitStatus 128 and the signal, or the exit code; empty if not known
 * @param sinceDetected how long ago the end of the old process was found
 */
public record RecoveryDraft(
    String worker,
    boolean planned,
    boolean poison,
    boolean convicted,
    boolean fruitless,
    String cause,
    String evidence,
    Optional<String> incident,
    Optional<Integer> exitStatus,
    Optional<Long> oldPid,
    int leasesReturned,
    Duration sinceDetected,
    Optional<Duration> toFence,
    Optional<Duration> toKill,
    Optional<Duration> toConfirm) {}

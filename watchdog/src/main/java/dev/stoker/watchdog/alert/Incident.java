package dev.stoker.watchdog.alert;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What is known of something that happened to a worker.
 *
 * @param worker the slot, {@code host/number}
 * @param incarnation of the process, if there was one
 * @param timings how long each step took, by its name
 * @param evidence what was seen, for people
 * @param files more of that; those that cannot be read are left out
 */
public record Incident(
    String worker,
    OptionalLong incarnation,
    Map<String, Duration> timings,
    String evidence,
    List<Path> files) {}

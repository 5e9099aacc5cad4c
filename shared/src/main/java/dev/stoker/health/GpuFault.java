package dev.stoker.health;

import java.time.Duration;

/**
 * Why a worker's GPU is of no use.
 *
 * @param reason for people, with the GPU and its host
 * @param age how long ago that was seen, by the database's clock
 */
public record GpuFault(String reason, Duration age) {}

package dev.stoker.testing.broken.names;

/** Could be anything. */
final class QueueManager {}

package dev.stoker.testing.broken.queue;

import dev.stoker.testing.broken.worker.Target;

/** Shared, and depends on a module. */
record Upward(Target target) {}

package dev.stoker.testing.broken.api;

import dev.stoker.testing.broken.worker.Target;

/** Depends on another module. */
record Sideways(Target target) {}

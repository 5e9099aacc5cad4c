package dev.stoker.testing.broken.red;

import dev.stoker.testing.broken.blue.Blue;

/** Needs blue, which needs red. */
public record Red(Blue blue) {}

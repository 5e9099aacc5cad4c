package dev.stoker.testing.broken.names;

/** Is what it says. */
record GpuUtilization(int percent) {}

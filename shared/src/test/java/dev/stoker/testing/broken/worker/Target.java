package dev.stoker.testing.broken.worker;

/** Nobody outside the worker may know it. */
public final class Target {}

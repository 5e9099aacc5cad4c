package dev.stoker.testing.broken.helpers;

/** In bad company. */
final class Innocent {}

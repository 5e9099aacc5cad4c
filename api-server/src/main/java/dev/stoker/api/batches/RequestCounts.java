package dev.stoker.api.batches;

/** How many requests a batch has, and how many of them have ended which way. */
record RequestCounts(int total, int completed, int failed) {}

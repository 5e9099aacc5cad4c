package dev.stoker.engine.mock;

/**
 * An answer and what it costs.
 *
 * @param tokens generated, in all choices together
 * @param steps tokens of the longest choice: choices are generated side by side
 */
record MockAnswer(byte[] body, int tokens, int steps) {}

/**
 * A stand-in for an OpenAI-compatible server such as vLLM, for tests and benchmarks: it says when
 * it answers, what it must have answered can be computed, and it fails on demand.
 *
 * <p>One thread serves all connections and owns all state, so nothing here is locked.
 */
package dev.stoker.engine.mock;

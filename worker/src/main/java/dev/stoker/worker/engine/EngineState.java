package dev.stoker.worker.engine;

/** What an engine says of itself. */
public enum EngineState {
  /** Loading its model; takes no requests yet. */
  STARTING,
  /** Takes requests. */
  READY,
  /** Out of reach or broken; leases go back. */
  DOWN
}

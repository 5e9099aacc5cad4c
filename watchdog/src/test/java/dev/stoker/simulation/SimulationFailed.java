package dev.stoker.simulation;

/** A promise was broken. */
final class SimulationFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  SimulationFailed(String message) {
    super(message);
  }

  SimulationFailed(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.stoker.api.error;

/**
 * A response that has begun cannot be finished. It has no cause: where Spring finds a broken socket
 * among the causes, it believes that the client has gone, and ends the response as if it were
 * whole.
 */
final class CutShort extends RuntimeException {
  private static final long serialVersionUID = 1;

  CutShort() {
    super("The response is cut short; why is logged before.", null, false, false);
  }
}

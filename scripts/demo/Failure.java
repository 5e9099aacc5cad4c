/** What went wrong, and what a person can do about it. */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String nextStep;

  Failure(String message, String nextStep) {
    super(message);
    this.nextStep = nextStep;
  }

  String nextStep() {
    return nextStep;
  }
}

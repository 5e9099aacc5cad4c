package dev.stoker.engine.mock;

/** Tokens since the start, those of running requests as far as they have come. */
record Tokens(long prompted, long generated) {
  static final Tokens NONE = new Tokens(0, 0);

  Tokens plus(Tokens other) {
    return new Tokens(prompted + other.prompted, generated + other.generated);
  }

  long sum() {
    return prompted + generated;
  }
}

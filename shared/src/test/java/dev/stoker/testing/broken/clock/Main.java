package dev.stoker.testing.broken.clock;

import java.time.Instant;

/** May do all this. */
final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.out.println(Instant.now());
    new Object() {
      void nested() {
        System.err.println(Instant.now());
      }
    }.nested();
  }
}

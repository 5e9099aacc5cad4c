package dev.stoker.testing.broken.printing;

import java.util.logging.Logger;

/** Speaks where nobody listens. */
final class Prints {
  void speak(Exception problem) {
    System.out.println("out");
    System.err.println("err");
    problem.printStackTrace();
    Logger.getLogger("log").info("log");
  }
}

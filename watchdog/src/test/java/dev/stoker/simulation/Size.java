package dev.stoker.simulation;

import java.util.random.RandomGenerator;

/**
 * How much there is of everything.
 *
 * @param batches that each client asks for, one after another
 * @param lines of most batches, at most
 */
record Size(int servers, int workers, int clients, int batches, int lines) {

  static final Size SMALLEST = new Size(1, 1, 1, 1, 3);

  static Size any(RandomGenerator random) {
    return new Size(
        random.nextInt(1, 3), random.nextInt(1, 4), random.nextInt(1, 4), random.nextInt(1, 3), 16);
  }
}

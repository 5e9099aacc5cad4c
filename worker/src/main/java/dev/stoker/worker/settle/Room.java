package dev.stoker.worker.settle;

/**
 * How much may run or wait to be stored: so many lines, and no further one while the results that
 * wait are too large together. The lines that run then may still bring theirs.
 */
final class Room {
  private final int linesMax;
  private final long bytesMax;
  private int lines;
  private long bytes;

  Room(int linesMax, long bytesMax) {
    this.linesMax = linesMax;
    this.bytesMax = bytesMax;
  }

  /** Waits until one more line may run. */
  synchronized void enter() throws InterruptedException {
    while (full()) {
      wait();
    }
    lines++;
  }

  /** A line that has entered has a result of this size, which waits from now on. */
  synchronized void fill(long resultBytes) {
    bytes += resultBytes;
  }

  /** So many lines are gone, and their results of this size together. */
  synchronized void leave(int linesGone, long resultBytes) {
    lines -= linesGone;
    bytes -= resultBytes;
    notifyAll();
  }

  synchronized boolean full() {
    return lines >= linesMax || bytes >= bytesMax;
  }

  synchronized boolean empty() {
    return lines == 0;
  }
}

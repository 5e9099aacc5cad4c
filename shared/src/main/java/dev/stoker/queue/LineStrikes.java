package dev.stoker.queue;

/**
 * What the deaths of workers say of a line.
 *
 * @param strikes workers that died while they ran it
 * @param alone how many of them ran nothing else
 */
public record LineStrikes(int strikes, int alone) {

  /** Of a line that no worker died of. */
  public static final LineStrikes NONE = new LineStrikes(0, 0);

  /** One death may be a coincidence. */
  static final int ALONE_MAX = 2;

  /**
   * After one more death.
   *
   * @param lonely whether nothing else ran
   */
  public LineStrikes another(boolean lonely) {
    return new LineStrikes(strikes + 1, alone + (lonely ? 1 : 0));
  }

  /** Whether it must run with nothing else at all. */
  public boolean lone() {
    return suspect() && strikes > 1;
  }

  /** Whether it is certain enough that the line ends its workers: it must not be run again. */
  public boolean convicted() {
    return alone >= ALONE_MAX;
  }

  /** Whether it must not run beside lines that are above suspicion. */
  public boolean suspect() {
    return strikes > 0 && !convicted();
  }
}

package dev.stoker.watchdog.process;

import java.util.Set;

/**
 * A worker and everything that it started. One seam for the ways to hold such a tree together: by
 * session and descent, or by a control group.
 */
public interface ProcessTree {

  /** Notes who belongs to it now: descent can no longer be seen once a parent is dead. */
  void remember();

  /** The pids of those who belonged to it whenever one looked, its leader's too. */
  Set<Long> pids();

  /**
   * Ends everything that belongs to it, at once, and waits for that for some milliseconds at most.
   * May be repeated.
   */
  void kill();

  /** True once nothing of it is alive, by the kernel's word. */
  boolean gone();
}

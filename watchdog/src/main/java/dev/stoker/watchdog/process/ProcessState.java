package dev.stoker.watchdog.process;

/** What a process is up to, by the thread that is worst off: ordered from gone to stopped. */
public enum ProcessState {
  /** Nobody has this pid, or somebody else. */
  GONE,
  /** All of its threads have ended, but its parent does not know yet. */
  ZOMBIE,
  /** It runs, or sleeps and can be woken. */
  RUNNING,
  /** It waits in the kernel, often for a device, and no signal reaches it, not even KILL. */
  UNINTERRUPTIBLE,
  /** Stopped by a signal or a debugger: it takes note of KILL only. */
  STOPPED;

  /** From the letter in {@code /proc/PID/stat}. */
  static ProcessState ofLetter(char letter) {
    return switch (letter) {
      case 'T', 't' -> STOPPED;
      case 'D' -> UNINTERRUPTIBLE;
      case 'Z' -> ZOMBIE;
      case 'X', 'x' -> GONE;
      default -> RUNNING;
    };
  }
}

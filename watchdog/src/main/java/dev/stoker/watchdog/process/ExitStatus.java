package dev.stoker.watchdog.process;

import java.util.Map;

/**
 * How a process ended.
 *
 * @param code what it returned; 0 if a signal ended it
 * @param signal what ended it; 0 if it returned
 */
public record ExitStatus(int code, int signal, boolean core) {

  /** Superseded by another process of its slot. */
  public static final int FENCED = 75;

  /** Its configuration is wrong: starting it again cannot help. */
  public static final int MISCONFIGURED = 78;

  private static final int SIGNAL_BASE = 128;
  private static final Map<Integer, String> SIGNALS =
      Map.ofEntries(
          Map.entry(1, "HUP"),
          Map.entry(2, "INT"),
          Map.entry(3, "QUIT"),
          Map.entry(4, "ILL"),
          Map.entry(5, "TRAP"),
          Map.entry(6, "ABRT"),
          Map.entry(7, "BUS"),
          Map.entry(8, "FPE"),
          Map.entry(9, "KILL"),
          Map.entry(10, "USR1"),
          Map.entry(11, "SEGV"),
          Map.entry(12, "USR2"),
          Map.entry(13, "PIPE"),
          Map.entry(14, "ALRM"),
          Map.entry(15, "TERM"),
          Map.entry(24, "XCPU"),
          Map.entry(25, "XFSZ"),
          Map.entry(31, "SYS"));

  /** From the status word that the kernel hands to a parent. */
  public static ExitStatus ofWaitStatus(int status) {
    int signal = status & 0x7f;
    return signal == 0
        ? new ExitStatus((status >> 8) & 0xff, 0, false)
        : new ExitStatus(0, signal, (status & 0x80) != 0);
  }

  /**
   * From a shell's or the JDK's number. Workers return nothing from 128 on, so that is a signal.
   */
  public static ExitStatus ofExitValue(int value) {
    return value > SIGNAL_BASE
        ? new ExitStatus(0, value - SIGNAL_BASE, false)
        : new ExitStatus(value, 0, false);
  }

  /** As a shell shows it: 128 and the signal, or the code. */
  public int value() {
    return signal > 0 ? SIGNAL_BASE + signal : code;
  }

  public boolean returned(int expected) {
    return signal == 0 && code == expected;
  }

  /** For people, such as {@code signal KILL} or {@code exit 3}. */
  public String text() {
    if (signal == 0) {
      return "exit " + code;
    }
    String name = SIGNALS.getOrDefault(signal, Integer.toString(signal));
    return "signal " + name + (core ? ", core dumped" : "");
  }
}

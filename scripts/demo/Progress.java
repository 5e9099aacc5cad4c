import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * Shows how far a batch is: one line drawn again and again on a terminal, plain lines elsewhere.
 */
final class Progress {
  private static final int BAR = 24;
  private static final Duration PLAIN_EVERY = Duration.ofSeconds(2);

  private final PrintStream out;
  private final boolean terminal;
  private String lastStatus = "";
  private long plainDueNanos;

  Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Shows a batch that has been running this long. */
  void show(Batch batch, Duration elapsed) {
    String line = line(batch.status(), batch.counts(), elapsed);
    if (terminal) {
      out.print("\r" + line + "\u001b[K");
      out.flush();
    } else if (!batch.status().equals(lastStatus) || System.nanoTime() - plainDueNanos >= 0) {
      out.println(line);
      plainDueNanos = System.nanoTime() + PLAIN_EVERY.toNanos();
    }
    lastStatus = batch.status();
  }

  /** Says that the server does not answer at the moment; the batch is safe meanwhile. */
  void waiting(String reason) {
    if (!reason.equals(lastStatus)) {
      end();
      out.println("  waiting for the server: " + reason);
      lastStatus = reason;
    }
  }

  void end() {
    if (terminal && !lastStatus.isEmpty()) {
      out.println();
    }
  }

  private static String line(String status, Batch.Counts counts, Duration elapsed) {
    if (counts.total() == 0) {
      return "  " + status;
    }
    double seconds = Math.max(0.001, elapsed.toMillis() / 1000.0);
    double rate = counts.done() / seconds;
    int filled = (int) (BAR * counts.done() / counts.total());
    return String.format(
        Locale.ROOT,
        "  [%s%s] %,d/%,d  %3d %%  %,.1f lines/s  %s",
        "#".repeat(filled),
        ".".repeat(BAR - filled),
        counts.done(),
        counts.total(),
        100 * counts.done() / counts.total(),
        rate,
        remaining(status, counts, rate));
  }

  private static String remaining(String status, Batch.Counts counts, double rate) {
    if (counts.done() == counts.total()) {
      return status;
    }
    return counts.done() == 0
        ? status
        : duration((counts.total() - counts.done()) / rate) + " left";
  }

  private static String duration(double seconds) {
    long whole = Math.max(1, Math.round(seconds));
    if (whole < 60) {
      return whole + " s";
    }
    return whole < 3600
        ? String.format("%d min %02d s", whole / 60, whole % 60)
        : String.format("%d h %02d min", whole / 3600, whole % 3600 / 60);
  }
}

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * Shows how far a batch is: one line drawn again and again on a terminal, plain lines elsewhere.
 */
final class Progress {
  private static final int BAR = 24;
  private static final Duration PLAIN_EVERY = Duration.ofSeconds(2);

  private static final Duration WINDOW = Duration.ofSeconds(10);

  private record Mark(Duration elapsed, long done) {}

  private final PrintStream out;
  private final boolean terminal;
  private final Deque<Mark> window = new ArrayDeque<>();
  private String lastStatus = "";
  private long plainDueNanos;

  Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Shows a batch that has been running this long. */
  void show(Batch batch, Duration elapsed) {
    String line = line(batch.status(), batch.counts(), rate(batch.counts().done(), elapsed));
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
      out.println("  the batch goes on, the demo waits: " + reason);
      lastStatus = reason;
    }
  }

  void end() {
    if (terminal && !lastStatus.isEmpty()) {
      out.println();
    }
  }

  private double rate(long done, Duration elapsed) {
    window.add(new Mark(elapsed, done));
    while (window.size() > 2 && window.peek().elapsed().compareTo(elapsed.minus(WINDOW)) < 0) {
      window.remove();
    }
    Mark first = window.peek();
    long millis = Math.max(1, elapsed.minus(first.elapsed()).toMillis());
    return (done - first.done()) * 1000.0 / millis;
  }

  private static String line(String status, Batch.Counts counts, double rate) {
    if (counts.total() == 0) {
      return "  " + status;
    }
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

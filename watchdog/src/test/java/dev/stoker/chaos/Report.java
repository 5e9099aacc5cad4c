package dev.stoker.chaos;

import dev.stoker.batch.BatchStatus;
import dev.stoker.chaos.Ledger.Kind;
import dev.stoker.engine.mock.MockStats;
import dev.stoker.line.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** What came of a run. */
record Report(
    long seed,
    Duration length,
    Ledger ledger,
    Map<Fault, Nemesis.Tally> faults,
    MockStats engine,
    Map<String, AtomicInteger> errors,
    List<Duration> recoveries,
    Duration healing) {

  boolean exact() {
    return ledger.exact();
  }

  /** As a table. */
  String table() {
    StringBuilder out = new StringBuilder();
    row(
        out,
        "batches accepted",
        ledger.acceptedCount()
            + ", and %d whose answer was lost".formatted(ledger.foundLaterCount()));
    row(out, "of these", statuses());
    row(out, "lines finished", lines() + ", in error files " + errors);
    row(out, "refused or unanswered", ledger.refusals());
    row(out, "made twice by a retry", ledger.twinCount());
    row(
        out,
        "engine calls",
        "%d, of these refused %d; distinct requests %d; repeated %d (%.2f %%)"
            .formatted(
                engine.requests(),
                engine.refused(),
                engine.requestsByBody().size(),
                repeated(),
                100.0 * repeated() / Math.max(1, engine.requestsByBody().size())));
    row(out, "all workers killed to next line", times());
    row(out, "healed and ended in", seconds(healing));
    row(out, "faults inflicted", faultCounts(false));
    row(out, "faults impossible here or just then", faultCounts(true));
    out.append('\n');
    row(out, "LOST", ledger.count(Kind.LOST));
    row(out, "DUPLICATED", ledger.count(Kind.DUPLICATED));
    row(out, "WRONG", ledger.count(Kind.WRONG));
    ledger.findings().forEach(finding -> out.append("  ").append(finding).append('\n'));
    return out.toString();
  }

  private static void row(StringBuilder out, String name, Object value) {
    out.append(String.format(Locale.ROOT, "%-36s %s%n", name, value));
  }

  private String statuses() {
    return ledger.batches().stream()
        .collect(Collectors.groupingBy(WatchedBatch::status, Collectors.counting()))
        .entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getValue() + " " + name(entry.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static String name(BatchStatus status) {
    return status.wireName();
  }

  private int lines() {
    return ledger.batches().stream().mapToInt(WatchedBatch::finished).sum();
  }

  private long repeated() {
    return engine.requests() - engine.refused() - engine.requestsByBody().size();
  }

  private String times() {
    return recoveries.isEmpty()
        ? "never seen"
        : "median %s, worst %s, of %d (the worst with other faults beside)"
            .formatted(
                seconds(recoveries.get(recoveries.size() / 2)),
                seconds(recoveries.getLast()),
                recoveries.size());
  }

  private String faultCounts(boolean skipped) {
    return faults.entrySet().stream()
        .filter(entry -> count(entry.getValue(), skipped) > 0)
        .map(entry -> entry.getKey().words() + " " + count(entry.getValue(), skipped))
        .collect(Collectors.joining(", "));
  }

  private static int count(Nemesis.Tally tally, boolean skipped) {
    return skipped ? tally.skipped() : tally.inflicted();
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.2f s", time.toMillis() / 1e3);
  }

  /** One line of JSON more, in the style of the benchmarks. */
  void append(Path history) throws IOException {
    Files.createDirectories(history.getParent());
    Files.writeString(
        history,
        """
        {"benchmark":"chaos","at":"%s","seed":%d,"minutes":%s,"exact":%b,"lost":%d,"duplicated":%d,"wrong":%d,"accepted":%d,"refused":%d,"lines":%d,"engine_calls":%d,"repeated_calls":%d,"faults":%d,"recovery_seconds":%s,"load":%s}
        """
            .formatted(
                Instant.now(),
                seed,
                String.format(Locale.ROOT, "%.2f", length.toSeconds() / 60.0),
                exact(),
                ledger.count(Kind.LOST),
                ledger.count(Kind.DUPLICATED),
                ledger.count(Kind.WRONG),
                ledger.batches().size(),
                ledger.refusalCount(),
                lines(),
                engine.requests(),
                repeated(),
                faults.values().stream().mapToInt(Nemesis.Tally::inflicted).sum(),
                recoveries.stream().map(time -> time.toMillis() / 1e3).toList(),
                Json.quote(Files.readString(Path.of("/proc/loadavg")).strip())),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}

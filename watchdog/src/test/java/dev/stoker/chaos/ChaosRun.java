package dev.stoker.chaos;

import dev.stoker.chaos.Ledger.Kind;
import dev.stoker.loop.Loop;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * One run from the first process to the verdict.
 *
 * @param length from the start to the verdict, as far as that can be said beforehand
 * @param directory for all data and logs
 * @param tampered whether something stored is changed by hand, to see the checker find it
 * @param progress told every few seconds how things stand
 */
record ChaosRun(
    long seed, Duration length, Path directory, boolean tampered, Consumer<String> progress) {
  private static final Duration TELL_EVERY = Duration.ofSeconds(5);

  /** What is left of the length for the end; at least a third of it is chaos. */
  private static final Duration END = Duration.ofSeconds(50);

  /** How long everything may take to end after the last fault. */
  private static final Duration HEALING_MAX = Duration.ofMinutes(5);

  private static final int ENDS_AT_FIRST = 3;

  /** How long the files of one batch may take to come. */
  private static final Duration FETCHING_MAX = Duration.ofMinutes(1);

  private static final long LOOK_EVERY = TimeUnit.MILLISECONDS.toNanos(200);

  Report run() throws IOException, InterruptedException, SQLException {
    long begun = System.nanoTime();
    progress.accept("seed " + seed + ": starting an installation in " + directory);
    Site site = new Site(directory);
    Thread atExit = new Thread(() -> site.close(true), "chaos-end");
    Runtime.getRuntime().addShutdownHook(atExit);
    boolean exact = false;
    try {
      Duration left = length.minusNanos(System.nanoTime() - begun).minus(END);
      Duration third = length.dividedBy(3);
      Report report = inflict(site, left.compareTo(third) > 0 ? left : third);
      exact = report.exact();
      return report;
    } finally {
      site.close(!exact);
      Runtime.getRuntime().removeShutdownHook(atExit);
    }
  }

  private Report inflict(Site site, Duration chaos)
      throws InterruptedException, IOException, SQLException {
    Ledger ledger = new Ledger();
    Recoveries recoveries = new Recoveries();
    Nemesis nemesis = new Nemesis(site, recoveries);
    Excused excused = new Excused(site.engine(), nemesis.workerDeaths());
    Api clients = new Api(URI.create("http://127.0.0.1:" + site.apiProxy().port()));
    Api direct = new Api(site.installation().root());
    try (Observer observer = new Observer(direct, ledger, recoveries);
        Inspector inspector = new Inspector(direct, ledger, excused)) {
      try (Load _ = new Load(clients, ledger, seed);
          Loop _ = narrator(ledger, nemesis)) {
        awaitFirstEnds(ledger);
        progress.accept("chaos for " + chaos.toSeconds() + " s");
        nemesis.carryOut(Plan.of(seed, chaos), chaos);
      }
      progress.accept("all faults are lifted");
      Duration healing = heal(ledger, observer, site);
      inspectAll(ledger, inspector, observer);
      ledger.close();
      return new Report(
          seed,
          length,
          ledger,
          nemesis.tallies(),
          site.engine().stats(),
          excused.counts(),
          recoveries.times(),
          healing);
    }
  }

  /** Nothing is broken before it has worked. */
  private static void awaitFirstEnds(Ledger ledger) {
    long begun = System.nanoTime();
    while (ledger.batches().stream().filter(WatchedBatch::ended).count() < ENDS_AT_FIRST) {
      if (System.nanoTime() - begun > HEALING_MAX.toNanos()) {
        throw new IllegalStateException("no batch ends although nothing is broken");
      }
      LockSupport.parkNanos(LOOK_EVERY);
    }
  }

  private Duration heal(Ledger ledger, Observer observer, Site site)
      throws InterruptedException, SQLException {
    long begun = System.nanoTime();
    boolean swept = false;
    while (!swept || ledger.batches().stream().anyMatch(batch -> !batch.ended())) {
      if (System.nanoTime() - begun > HEALING_MAX.toNanos()) {
        ledger.batches().stream()
            .filter(batch -> !batch.ended())
            .forEach(
                batch ->
                    ledger.find(
                        Kind.LOST,
                        "%s is %s with %d of %d lines, %d s after all was well again"
                            .formatted(
                                batch.id(),
                                batch.status(),
                                batch.finished(),
                                batch.submission().lines(),
                                HEALING_MAX.toSeconds())));
        break;
      }
      swept = swept || observer.sweep();
      LockSupport.parkNanos(LOOK_EVERY);
    }
    Duration healing = Duration.ofNanos(System.nanoTime() - begun);
    progress.accept("all batches have ended after " + healing.toSeconds() + " s");
    if (tampered) {
      Tampering.with(site.database());
    }
    return healing;
  }

  private void inspectAll(Ledger ledger, Inspector inspector, Observer observer)
      throws InterruptedException {
    inspector.close();
    observer.sweep();
    for (WatchedBatch batch : ledger.batches()) {
      if (batch.ended() && !inspectedAtLast(batch, inspector)) {
        ledger.find(Kind.LOST, batch.id() + ": its files cannot be had");
      }
    }
  }

  /** Nothing is broken any more, but something may still be getting up. */
  private static boolean inspectedAtLast(WatchedBatch batch, Inspector inspector)
      throws InterruptedException {
    long begun = System.nanoTime();
    boolean done = inspector.inspectAgain(batch);
    while (!done && System.nanoTime() - begun < FETCHING_MAX.toNanos()) {
      LockSupport.parkNanos(LOOK_EVERY);
      done = inspector.inspectAgain(batch);
    }
    return done;
  }

  /** Says every few seconds what was inflicted and how the batches stand. */
  private Loop narrator(Ledger ledger, Nemesis nemesis) {
    long begun = System.nanoTime();
    return new Loop(
            "narrator",
            TELL_EVERY,
            () -> {
              progress.accept(state(Duration.ofNanos(System.nanoTime() - begun), ledger, nemesis));
              return false;
            })
        .start();
  }

  private static String state(Duration since, Ledger ledger, Nemesis nemesis) {
    Map<String, Long> statuses =
        ledger.batches().stream()
            .collect(
                Collectors.groupingBy(
                    batch -> batch.status().wireName(), TreeMap::new, Collectors.counting()));
    int finished = ledger.batches().stream().mapToInt(WatchedBatch::finished).sum();
    return String.format(
        Locale.ROOT,
        "[%02d:%02d] %s, %d lines, %d refused | %s",
        since.toMinutes(),
        since.toSecondsPart(),
        statuses,
        finished,
        ledger.refusalCount(),
        String.join("; ", nemesis.news()));
  }
}

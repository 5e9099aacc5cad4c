package dev.stoker.chaos;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What was submitted, what became of it, and all that is wrong with it. Any thread may tell it. */
final class Ledger {
  private static final int FINDINGS_SHOWN_MAX = 40;

  /** What a finding means for the client. */
  enum Kind {
    LOST,
    DUPLICATED,
    WRONG
  }

  private final Map<String, Submission> submissions = new ConcurrentHashMap<>();
  private final Map<String, WatchedBatch> batches = new ConcurrentSkipListMap<>();
  private final Map<String, AtomicInteger> refusals = new ConcurrentSkipListMap<>();
  private final Map<Kind, AtomicInteger> findings = new ConcurrentHashMap<>();
  private final List<String> shown = new ArrayList<>();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger foundLater = new AtomicInteger();
  private final AtomicInteger twins = new AtomicInteger();

  void submitted(Submission submission) {
    submissions.put(submission.tag(), submission);
  }

  /** A create was answered with 200. */
  WatchedBatch accepted(String id, Submission submission) {
    WatchedBatch batch = known(id, submission);
    if (batch.answered()) {
      accepted.incrementAndGet();
    }
    return batch;
  }

  /** A batch that the list shows; empty if nobody has asked for it. */
  Optional<WatchedBatch> listed(String id, String tag) {
    WatchedBatch known = batches.get(id);
    if (known != null) {
      return Optional.of(known);
    }
    Submission submission = submissions.get(tag);
    if (submission == null) {
      find(Kind.WRONG, "batch " + id + " was never asked for (" + tag + ")");
      return Optional.empty();
    }
    return Optional.of(known(id, submission));
  }

  private WatchedBatch known(String id, Submission submission) {
    return batches.computeIfAbsent(id, _ -> new WatchedBatch(id, submission));
  }

  /** An upload or a create was refused, or had no answer. */
  void refused(String why) {
    refusals.computeIfAbsent(why, _ -> new AtomicInteger()).incrementAndGet();
  }

  void find(Kind kind, String what) {
    findings.computeIfAbsent(kind, _ -> new AtomicInteger()).incrementAndGet();
    synchronized (shown) {
      if (shown.size() < FINDINGS_SHOWN_MAX) {
        shown.add(kind + ": " + what);
      }
    }
  }

  /** Counts what only now can be counted. */
  void close() {
    if (accepted.get() == 0) {
      find(Kind.WRONG, "not one batch was accepted");
    }
    Map<String, Integer> perTag = new TreeMap<>();
    for (WatchedBatch batch : batches.values()) {
      perTag.merge(batch.submission().tag(), 1, Integer::sum);
      if (!batch.wasAnswered()) {
        foundLater.incrementAndGet();
      }
    }
    perTag.values().forEach(count -> twins.addAndGet(count - 1));
  }

  Collection<WatchedBatch> batches() {
    return batches.values();
  }

  /** Lines of batches that have not ended. */
  int openLines() {
    return batches.values().stream()
        .filter(batch -> !batch.ended())
        .mapToInt(batch -> batch.submission().lines())
        .sum();
  }

  int submissionCount() {
    return submissions.size();
  }

  int acceptedCount() {
    return accepted.get();
  }

  int foundLaterCount() {
    return foundLater.get();
  }

  int twinCount() {
    return twins.get();
  }

  Map<String, AtomicInteger> refusals() {
    return refusals;
  }

  int refusalCount() {
    return refusals.values().stream().mapToInt(AtomicInteger::get).sum();
  }

  int count(Kind kind) {
    AtomicInteger count = findings.get(kind);
    return count == null ? 0 : count.get();
  }

  boolean exact() {
    return findings.isEmpty();
  }

  List<String> findings() {
    synchronized (shown) {
      return List.copyOf(shown);
    }
  }
}

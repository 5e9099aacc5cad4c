package dev.stoker.chaos;

import dev.stoker.chaos.Ledger.Kind;
import dev.stoker.loop.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;

/**
 * Looks at all batches over and over, one answer after the other, so that what it sees must only
 * move forward.
 */
final class Observer implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(150);
  private static final long SWEEP_EVERY = TimeUnit.SECONDS.toNanos(15);

  private final Api api;
  private final Ledger ledger;
  private final Recoveries recoveries;
  private final Loop loop;
  private long sweptAt = System.nanoTime();

  Observer(Api api, Ledger ledger, Recoveries recoveries) {
    this.api = api;
    this.ledger = ledger;
    this.recoveries = recoveries;
    this.loop = new Loop("observer", PAUSE, this::step).start();
  }

  @Override
  public void close() {
    loop.interrupt();
    loop.close();
  }

  private boolean step() throws InterruptedException {
    long begun = System.nanoTime();
    if (look()) {
      tell(begun);
    }
    return false;
  }

  private void tell(long begun) {
    int finished = ledger.batches().stream().mapToInt(WatchedBatch::finished).sum();
    recoveries.looked(begun, finished, ledger.openLines() > 0);
  }

  /** The newest hundred and all that have not ended; now and then all. False without an answer. */
  private boolean look() throws InterruptedException {
    try {
      Optional<Set<String>> listed = list(isSweepDue());
      if (listed.isEmpty()) {
        return false;
      }
      for (WatchedBatch batch : ledger.batches()) {
        if (!batch.ended() && !listed.get().contains(batch.id())) {
          one(batch);
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private boolean isSweepDue() {
    boolean due = System.nanoTime() - sweptAt > SWEEP_EVERY;
    if (due) {
      sweptAt = System.nanoTime();
    }
    return due;
  }

  /** All that the server has; false if it could not say. */
  boolean sweep() throws InterruptedException {
    try {
      return list(true).isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  private synchronized Optional<Set<String>> list(boolean all)
      throws IOException, InterruptedException {
    Set<String> seen = new HashSet<>();
    String after = "";
    boolean more;
    do {
      Api.Answer answer = api.batches(after);
      if (!answer.ok()) {
        return Optional.empty();
      }
      JsonTree page = json(answer);
      List<JsonTree> batches = page.at("data").elements();
      for (JsonTree batch : batches) {
        String id = batch.at("id").text();
        seen.add(id);
        ledger
            .listed(id, batch.at("metadata").at("chaos").text())
            .ifPresent(known -> looked(known, batch));
      }
      more = all && page.at("has_more").isTrue() && !batches.isEmpty();
      after = page.at("last_id").text();
    } while (more);
    return Optional.of(seen);
  }

  private synchronized void one(WatchedBatch batch) throws IOException, InterruptedException {
    Api.Answer answer = api.batch(batch.id());
    if (answer.ok()) {
      looked(batch, json(answer));
    } else if (answer.status() == 404) {
      ledger.find(Kind.LOST, batch.id() + " was accepted and is unknown: " + answer.text());
    }
  }

  private void looked(WatchedBatch batch, JsonTree now) {
    batch.looked(now).ifPresent(wrong -> ledger.find(Kind.WRONG, batch.id() + " " + wrong));
  }

  private static JsonTree json(Api.Answer answer) throws IOException {
    try {
      return answer.json();
    } catch (JacksonException e) {
      throw new IOException("200 with half an answer", e);
    }
  }
}

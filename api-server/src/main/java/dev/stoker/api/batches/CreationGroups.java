package dev.stoker.api.batches;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.api.health.GateReading;
import dev.stoker.batch.BatchId;
import dev.stoker.health.GateDecision;
import dev.stoker.id.OrderedIds;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Stream;
import org.springframework.dao.DataIntegrityViolationException;

/**
 * Creates batches by the group, so that a crowd costs the database little more than one client:
 * those that are asked for while a group is stored, and until its {@link Pace} is over, are the
 * next.
 */
final class CreationGroups {
  private static final int GROUP_MAX = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private sealed interface Outcome {
    record Stored(Instant created) implements Outcome {}

    record Refused(GateDecision.Closed gate) implements Outcome {}

    /** It holds up nobody else. */
    record LeftAlone() implements Outcome {}
  }

  private record Creation(NewBatch batch, CompletableFuture<Outcome> outcome) {}

  /** When a group was stored last, or could not be. */
  private volatile long groupEndedNanos = System.nanoTime();

  private final Queue<Creation> waiting = new ConcurrentLinkedQueue<>();
  private final GateReading gate;
  private final NewBatchTable table;
  private final OrderedIds ids;
  private final CreationLeaders leaders;
  private final BatchWakes wakes;

  CreationGroups(
      GateReading gate,
      NewBatchTable table,
      OrderedIds ids,
      CreationLeaders leaders,
      BatchWakes wakes) {
    this.gate = gate;
    this.table = table;
    this.ids = ids;
    this.leaders = leaders;
    this.wakes = wakes;
  }

  /**
   * Returns once the batch is stored.
   *
   * @throws dev.stoker.api.error.ApiException if the gate is closed
   */
  BatchRow create(CreateBatch wanted) {
    NewBatch batch = new NewBatch(new BatchId(ids.next()), wanted);
    Creation creation = new Creation(batch, new CompletableFuture<>());
    waiting.add(creation);
    leaders.call(this::lead);
    Instant created =
        switch (await(creation)) {
          case Outcome.Stored stored -> stored.created();
          case Outcome.LeftAlone _ -> storeAlone(batch);
          case Outcome.Refused(GateDecision.Closed closed) ->
              throw ApiErrors.noWorker(closed.reason(), closed.retryAfter());
        };
    return new BatchRow(batch.id(), wanted, created);
  }

  private Instant storeAlone(NewBatch batch) {
    Instant created = table.insertPatiently(batch);
    wakes.created();
    return created;
  }

  /**
   * Whoever has waited long goes on alone if no group has ended meanwhile: a connection may hang,
   * and with it who leads.
   */
  private Outcome await(Creation creation) {
    try {
      return creation.outcome().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      if (System.nanoTime() - groupEndedNanos < PATIENCE.toNanos()) {
        return await(creation);
      }
      return waiting.remove(creation) ? alone() : ended(creation);
    } catch (ExecutionException e) {
      return ended(creation);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // what is stored has to be answered nevertheless
      return ended(creation);
    }
  }

  private Outcome alone() {
    return switch (gate.decide()) {
      case GateDecision.Open _ -> new Outcome.LeftAlone();
      case GateDecision.Closed closed -> new Outcome.Refused(closed);
    };
  }

  /** Who leads its group comes to an end by the time limits of the database's connections. */
  private static Outcome ended(Creation creation) {
    try {
      return creation.outcome().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  /** Until nobody waits any more; then is the time to look at what has been created. */
  private void lead() {
    do {
      try {
        for (List<Creation> group = next(); !group.isEmpty(); group = next()) {
          leaders.store(group.size());
          long begunNanos = System.nanoTime();
          lead(group);
          groupEndedNanos = System.nanoTime();
          long pacedNanos = begunNanos + Pace.after(group.size()).toNanos();
          LockSupport.parkNanos(pacedNanos - System.nanoTime());
        }
      } finally {
        leaders.stepDown();
      }
      // Whoever came after the last look has found the lead taken.
    } while (!waiting.isEmpty() && leaders.stepUp());
    wakes.created();
  }

  private List<Creation> next() {
    return Stream.generate(waiting::poll).limit(GROUP_MAX).takeWhile(c -> c != null).toList();
  }

  /** The gate is read after all of the group have asked. */
  private void lead(List<Creation> group) {
    try {
      switch (gate.decide()) {
        case GateDecision.Open _ -> store(group);
        case GateDecision.Closed closed -> end(group, _ -> new Outcome.Refused(closed));
      }
    } catch (DataIntegrityViolationException _) {
      end(group, _ -> new Outcome.LeftAlone()); // the others' are not to fail with it
    } catch (Throwable e) {
      group.forEach(creation -> creation.outcome().completeExceptionally(e));
    }
  }

  private void store(List<Creation> group) {
    Map<BatchId, Instant> stored = table.insertFree(group.stream().map(Creation::batch).toList());
    end(
        group,
        batch ->
            stored.containsKey(batch.id())
                ? new Outcome.Stored(stored.get(batch.id()))
                : new Outcome.LeftAlone());
  }

  private static void end(List<Creation> group, Function<NewBatch, Outcome> outcome) {
    group.forEach(creation -> creation.outcome().complete(outcome.apply(creation.batch())));
  }
}

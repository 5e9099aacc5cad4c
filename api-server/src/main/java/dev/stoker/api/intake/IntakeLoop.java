package dev.stoker.api.intake;

import dev.stoker.api.batches.BatchRepository;
import dev.stoker.api.batches.BatchRow;
import dev.stoker.api.http.QueryParameters;
import dev.stoker.loop.Loop;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Takes the batches that nobody has judged, one at a time, oldest first. It gives way to a crowd
 * that creates more of them; the last of the crowd wakes it.
 */
final class IntakeLoop implements Loop.Step {
  private static final Logger log = LoggerFactory.getLogger(IntakeLoop.class);

  private final BatchRepository batches;
  private final Intake intake;
  private final TransactionTemplate transaction;
  private final Courtesy courtesy;

  IntakeLoop(
      BatchRepository batches, Intake intake, TransactionTemplate transaction, Courtesy courtesy) {
    this.batches = batches;
    this.intake = intake;
    this.transaction = transaction;
    this.courtesy = courtesy;
  }

  @Override
  public boolean run() {
    AtomicReference<UUID> reached = new AtomicReference<>(QueryParameters.ID_MIN);
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    boolean more = true;
    while (more && !courtesy.givesWay()) {
      more = judgeNext(reached, failure);
    }
    if (!more) {
      courtesy.done();
    }
    if (failure.get() != null) {
      throw failure.get();
    }
    return false;
  }

  /**
   * One transaction; says whether there was a batch left. One that cannot be judged does not hold
   * up those behind it.
   */
  private boolean judgeNext(
      AtomicReference<UUID> reached, AtomicReference<RuntimeException> failure) {
    UUID before = reached.get();
    try {
      transaction.executeWithoutResult(
          _ -> {
            Optional<BatchRow> next = batches.lockUnjudged(before);
            next.ifPresent(
                batch -> {
                  reached.set(batch.id().value());
                  intake.judge(batch);
                });
          });
    } catch (RuntimeException e) {
      log.warn("the batch {} could not be judged", reached.get(), e);
      failure.set(e);
    }
    return !reached.get().equals(before);
  }
}

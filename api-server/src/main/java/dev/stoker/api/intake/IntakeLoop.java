package dev.stoker.api.intake;

import dev.stoker.api.batches.BatchRepository;
import dev.stoker.api.batches.BatchRow;
import dev.stoker.api.batches.CreationTurns;
import dev.stoker.api.http.QueryParameters;
import dev.stoker.loop.Loop;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.data.domain.Limit;
import org.springframework.transaction.support.TransactionTemplate;

/** Takes the batches that nobody has judged, one at a time, oldest first. */
final class IntakeLoop implements Loop.Step {
  private static final Logger log = LoggerFactory.getLogger(IntakeLoop.class);

  private final BatchRepository batches;
  private final Intake intake;
  private final TransactionTemplate transaction;
  private final CreationTurns turns;

  IntakeLoop(
      BatchRepository batches,
      Intake intake,
      TransactionTemplate transaction,
      CreationTurns turns) {
    this.batches = batches;
    this.intake = intake;
    this.transaction = transaction;
    this.turns = turns;
  }

  @Override
  public boolean run() {
    Optional<RuntimeException> failure = Optional.empty();
    AtomicReference<UUID> reached = new AtomicReference<>(QueryParameters.ID_MIN);
    for (UUID before = null; !reached.get().equals(before); ) {
      before = reached.get();
      try (CreationTurns.Turn _ = turns.await()) {
        judgeNext(reached);
      } catch (RuntimeException e) {
        log.warn("the batch {} could not be judged", reached.get(), e);
        failure = Optional.of(e);
      }
    }
    failure.ifPresent(
        e -> {
          throw e;
        });
    return false;
  }

  /** One transaction. A batch that cannot be judged does not hold up those behind it. */
  private void judgeNext(AtomicReference<UUID> reached) {
    transaction.executeWithoutResult(
        _ -> {
          List<BatchRow> next = batches.lockUnjudged(reached.get(), Limit.of(1));
          if (!next.isEmpty()) {
            reached.set(next.getFirst().id().value());
            intake.judge(next.getFirst());
          }
        });
  }
}

package dev.stoker.watchdog.recovery;

import dev.stoker.database.Database;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import java.util.Optional;

/** Recoveries as they are written down, and the right to start that comes with one. */
public final class Recoveries {

  private final Database database;
  private final WorkerHeartbeatTable heartbeats;
  private final RecoveryTable recoveries;

  public Recoveries(Database database) {
    this.database = database;
    this.heartbeats = new WorkerHeartbeatTable(database.jdbc());
    this.recoveries = new RecoveryTable(database.jdbc());
  }

  /**
   * Writes a recovery down and makes room for its process, both or neither. A crash right after
   * costs one of the budget, and never makes two workers.
   *
   * @param budget how many unplanned ones there may be
   */
  public Reservation reserve(String host, RecoveryDraft draft, RestartBudget budget) {
    return database
        .transactions()
        .execute(
            transaction -> {
              // First, since it locks the row: whoever else counts the budget waits.
              WorkerId id = heartbeats.reserve(draft.worker(), host);
              RestartBudget.Used used = recoveries.used(draft.worker());
              Optional<String> exceeded = budget.exceeded(draft, used);
              if (exceeded.isPresent()) {
                transaction.setRollbackOnly();
                return new Reservation.Refused(exceeded.get());
              }
              boolean poison = budget.isPoison(draft, used);
              if (budget.refunds(draft, used)) {
                recoveries.refund(draft.worker());
              }
              return new Reservation.Granted(id, recoveries.insert(draft, poison));
            });
  }

  /** A watchdog that comes after this one finds the process, though it has not spoken yet. */
  public void launched(long recovery, WorkerId id, ProcessIdentity process) {
    heartbeats.register(id, process);
    recoveries.launched(recovery, process.pid());
  }

  public void ready(long recovery) {
    recoveries.ready(recovery);
  }
}

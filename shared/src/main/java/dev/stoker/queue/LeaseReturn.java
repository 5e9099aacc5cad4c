package dev.stoker.queue;

import dev.stoker.database.Database;
import dev.stoker.health.WorkerId;
import java.util.Optional;
import java.util.Set;

/** What the queue does at the death of a worker. */
public final class LeaseReturn {

  /**
   * What a death cost.
   *
   * @param leases how many shards went back to the queue
   * @param poison whether the worker died of lines that were suspected before: whoever closes in on
   *     a poison line dies of it a few times more
   * @param convicted whether this death has made a suspected line a certain one
   */
  public record Returned(int leases, boolean poison, boolean convicted) {}

  private final Database database;
  private final ShardTable shards;
  private final LineStrikeTable strikes;

  public LeaseReturn(Database database) {
    this.database = database;
    this.shards = new ShardTable(database.jdbc());
    this.strikes = new LineStrikeTable(database.jdbc());
  }

  /**
   * Returns the leases of a worker known to be dead or fenced, and strikes the lines that it ran.
   * Both or neither; may be repeated when its outcome is unknown: a death strikes once. Where it is
   * not known which lines ran, each of its shards gets a fault instead.
   *
   * @param inFlight what the worker's file said after its death; another incarnation's is ignored
   * @param blamed whether what it ran may be the cause: not of a fence, of a planned stop, or of a
   *     kill that somebody sent
   */
  public Returned afterDeath(
      WorkerId dead, Optional<InFlightFile.Reading> inFlight, boolean blamed) {
    Optional<InFlightFile.Reading> suspected =
        inFlight.filter(
            reading -> blamed && reading.incarnation() == dead.incarnation() && reading.anything());
    boolean faulty = blamed && suspected.isEmpty();
    return database
        .transactions()
        .execute(
            _ -> {
              // First, since it waits for whoever still settles a line of these shards.
              int leases = shards.reapHolder(dead.holder(), faulty);
              return suspected
                  .map(reading -> strike(dead, reading.lines(), leases))
                  .orElseGet(() -> new Returned(leases, false, false));
            });
  }

  private Returned strike(WorkerId dead, Set<LineKey> lines, int leases) {
    strikes.strike(dead.holder(), lines);
    return new Returned(
        leases,
        strikes.suspects(dead.holder(), lines) == lines.size(),
        lines.size() == 1 && strikes.convicts(dead.holder(), lines));
  }
}

package dev.stoker.queue;

import java.util.Map;
import java.util.Set;

/**
 * A shard as its holder sees it after a claim.
 *
 * @param endpoint the batch's
 * @param model the model of its lines; other lines of the part belong to other shards
 * @param lines how many lines it has
 * @param last whether no other shard of its batch waited when it was claimed
 * @param firstLine the physical line, counted from 1, with which {@code content} begins
 * @param content the whole part's bytes
 * @param done the lines of the part that earlier claims have finished
 * @param strikes the lines of the part that were in flight when a worker died
 */
public record ClaimedShard(
    Lease lease,
    String endpoint,
    String model,
    int lines,
    boolean last,
    int firstLine,
    byte[] content,
    Set<Integer> done,
    Map<Integer, LineStrikes> strikes) {

  /** What is known against one of its lines. */
  public LineStrikes strikesOf(int line) {
    return strikes.getOrDefault(line, LineStrikes.NONE);
  }
}

package dev.stoker.queue;

import dev.stoker.batch.BatchId;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/**
 * Every statement on shards and on the results that they fence. Each is one transaction of its own.
 */
public final class ShardTable {

  /**
   * Claims that may end in their holder's death before the rest of a shard goes to the error file.
   */
  public static final int FAULTS_MAX = 10;

  /** The longest delay of a shard that is given back. */
  public static final Duration DELAY_MAX = Duration.ofMinutes(1);

  private static final String LEASE_PICKED =
      """
      UPDATE shard s
      SET state = 'leased', attempt = s.attempt + 1, leased_by = :holder,
          lease_expires_at = now() + :ttl_ms * interval '1 millisecond'
      FROM picked
      WHERE (s.batch, s.ordinal) = (picked.batch, picked.ordinal)
      RETURNING s.batch, s.ordinal, s.attempt
      """;

  /**
   * The batch is asked for in a subquery, so that a planner that knows nothing of the tables yet
   * cannot begin with the batches and sort all their shards. A shard whose time lies further ahead
   * than any delay got it from a clock that has been set back since, and would wait as long as
   * that.
   */
  private static final String CLAIMABLE =
      """
      s.state = 'queued' AND s.faults < %d
      AND (s.available_at <= now() OR s.available_at > now() + %d * interval '1 second')
      AND (SELECT b.status = 'in_progress' AND b.expires_at > now() FROM batch b WHERE b.id = s.batch)
      """
          .formatted(FAULTS_MAX, DELAY_MAX.toSeconds());

  /**
   * Each model has its stretch of the index, so that what waits for others is never passed. First
   * it is looked up, without a lock, how many of the shards that come next are each model's; then
   * so many of each are locked; the last limit cuts nothing off, but tells the planner how few they
   * are. MATERIALIZED is a fence: without it the planner may run the subquery again and lease more
   * than asked for.
   */
  static final String CLAIM =
      """
      WITH due AS MATERIALIZED (
          SELECT model, count(*) AS shards
          FROM (SELECT ahead.*
                FROM unnest(:models) AS wanted (model)
                CROSS JOIN LATERAL (
                    SELECT s.model, s.priority, s.deadline, s.batch, s.ordinal
                    FROM shard s
                    WHERE s.model = wanted.model AND <claimable>
                    ORDER BY s.priority, s.deadline, s.batch, s.ordinal
                    LIMIT (SELECT :shards)) AS ahead
                ORDER BY priority, deadline, batch, ordinal
                LIMIT :shards) AS next
          GROUP BY model
      ), picked AS MATERIALIZED (
          SELECT free.batch, free.ordinal
          FROM due
          CROSS JOIN LATERAL (
              SELECT s.batch, s.ordinal
              FROM shard s
              WHERE s.model = due.model AND <claimable>
              ORDER BY s.priority, s.deadline, s.batch, s.ordinal
              LIMIT due.shards
              FOR UPDATE OF s SKIP LOCKED) AS free
          LIMIT :shards
      )
      """
              .replace("<claimable>", CLAIMABLE)
          + LEASE_PICKED;

  /**
   * Shards of batches that were cancelled or are out of time. The array keeps the planner from
   * anything but starting with these few batches, however many shards of others wait. That a queued
   * shard is not done is said in the words of the index shard_open, here and wherever it is wanted:
   * it is hidden from the claims, which do not say so.
   */
  static final String CLAIM_ENDING =
      """
      WITH picked AS MATERIALIZED (
          SELECT s.batch, s.ordinal
          FROM shard s
          WHERE s.state = 'queued' AND (s.state <> 'done') IS TRUE
            AND s.batch = ANY(ARRAY(SELECT id FROM batch WHERE status IN ('cancelling', 'finalizing')))
          ORDER BY s.batch, s.ordinal
          LIMIT :shards
          FOR UPDATE OF s SKIP LOCKED
      )
      """
          + LEASE_PICKED;

  /** Shards whose holders keep dying. The bound of the faults stands in the index too. */
  static final String CLAIM_DEADLY =
      """
      WITH picked AS MATERIALIZED (
          SELECT s.batch, s.ordinal
          FROM shard s JOIN batch b ON b.id = s.batch
          WHERE s.state = 'queued' AND s.faults >= %d AND b.status = 'in_progress'
          ORDER BY s.batch, s.ordinal
          LIMIT :shards
          FOR UPDATE OF s SKIP LOCKED
      )
      """
              .formatted(FAULTS_MAX)
          + LEASE_PICKED;

  /** Shards of models that nobody loads any more; those of the first such model first. */
  static final String CLAIM_QUARANTINED =
      """
      WITH picked AS MATERIALIZED (
          SELECT free.batch, free.ordinal
          FROM unnest(:models) AS quarantined (model)
          CROSS JOIN LATERAL (
              SELECT s.batch, s.ordinal
              FROM shard s
              WHERE s.model = quarantined.model AND s.state = 'queued'
                AND (SELECT b.status = 'in_progress' FROM batch b WHERE b.id = s.batch)
              ORDER BY s.priority, s.deadline, s.batch, s.ordinal
              LIMIT :shards
              FOR UPDATE OF s SKIP LOCKED) AS free
          LIMIT :shards
      )
      """
          + LEASE_PICKED;

  /** Looks at the head of each model's queue only, however long it is. */
  static final String WAITING =
      """
      SELECT wanted.model, head.shards, head.waiting_ms, head.priority, head.deadline
      FROM unnest(:models) AS wanted (model)
      CROSS JOIN LATERAL (
          SELECT count(*) AS shards, min(priority) AS priority,
                 (array_agg(deadline ORDER BY priority, deadline))[1] AS deadline,
                 (extract(epoch FROM now() - min(since)) * 1000)::bigint AS waiting_ms
          FROM (SELECT s.priority, s.deadline,
                       least(now(),
                             greatest(s.available_at,
                                      (SELECT b.in_progress_at FROM batch b WHERE b.id = s.batch))) AS since
                FROM shard s
                WHERE s.model = wanted.model AND <claimable>
                ORDER BY s.priority, s.deadline, s.batch, s.ordinal
                LIMIT (SELECT :shards_max)) AS ahead) AS head
      WHERE head.shards > 0
      ORDER BY head.priority, head.deadline, wanted.model
      """
          .replace("<claimable>", CLAIMABLE);

  /** After the claim has committed, so that no result of an earlier holder can be missing. */
  private static final String READ =
      """
      SELECT s.batch, s.ordinal, s.attempt, s.model, s.lines, b.endpoint, p.first_line, p.content,
             NOT EXISTS (SELECT 1 FROM shard w
                         WHERE w.batch = s.batch AND w.state = 'queued' AND (w.state <> 'done') IS TRUE) AS last,
             CASE WHEN s.attempt = 1 THEN '{}' ELSE
                 ARRAY(SELECT unnest(g.lines) FROM result_group g
                       WHERE g.batch = s.batch AND g.part_line = p.first_line)
             END AS done,
             CASE WHEN s.attempt = 1 THEN '{}' ELSE
                 ARRAY(SELECT ARRAY[k.line, k.strikes, k.alone] FROM line_strike k
                       WHERE k.batch = s.batch AND k.line BETWEEN p.first_line AND p.last_line)
             END AS struck
      FROM unnest(:batches, :ordinals, :attempts) AS mine (batch, ordinal, attempt)
      JOIN shard s ON (s.batch, s.ordinal, s.attempt) = (mine.batch, mine.ordinal, mine.attempt)
      JOIN batch b ON b.id = s.batch
      JOIN file_part p ON (p.file, p.ordinal) = (s.file, s.part)
      WHERE s.state = 'leased'
      ORDER BY s.priority, s.deadline, s.batch, s.ordinal
      """;

  /**
   * Locks the leases that are still held, in the order in which every statement locks shards: two
   * that met in different orders would end in a deadlock.
   */
  private static final String HELD =
      """
      WITH held AS MATERIALIZED (
          SELECT s.batch, s.ordinal
          FROM unnest(:batches, :ordinals, :attempts) AS mine (batch, ordinal, attempt)
          JOIN shard s ON (s.batch, s.ordinal, s.attempt) = (mine.batch, mine.ordinal, mine.attempt)
          WHERE s.state = 'leased'
          ORDER BY s.batch, s.ordinal
          FOR UPDATE OF s
      )
      """;

  private static final String RENEW =
      HELD
          + """
          UPDATE shard s
          SET lease_expires_at = now() + :ttl_ms * interval '1 millisecond'
          FROM held JOIN batch b ON b.id = held.batch
          WHERE (s.batch, s.ordinal) = (held.batch, held.ordinal)
          RETURNING s.batch, s.ordinal, s.attempt, b.status = 'in_progress' AND b.expires_at > now() AS wanted
          """;

  /**
   * Locks the shards that are still held under the token named, then stores and counts the groups
   * of which nothing is there yet. Nobody else stores results of a locked shard, so the look and
   * the insert cannot disagree, but for one case: the same statement, sent before and thought lost,
   * commits while this one waits for the lock. Then the primary key refuses the whole statement,
   * and the next time it sees what is there. The look is a scalar subquery, which the planner
   * answers from the index for each group, whatever it believes of the table.
   */
  private static final String SETTLE =
      """
      WITH held AS MATERIALIZED (
          SELECT s.batch, s.ordinal, s.attempt, s.file, s.part, mine.slot
          FROM unnest(:batches, :ordinals, :attempts) WITH ORDINALITY AS mine (batch, ordinal, attempt, slot)
          JOIN shard s ON (s.batch, s.ordinal, s.attempt) = (mine.batch, mine.ordinal, mine.attempt)
          WHERE s.state = 'leased'
          ORDER BY s.batch, s.ordinal
          FOR UPDATE OF s
      ), given AS (
          SELECT *, (:lines::int[])[upto - length + 1 : upto] AS lines, (:ends::int[])[upto - length + 1 : upto] AS ends
          FROM (SELECT *, sum(length) OVER (ORDER BY position)::int AS upto
                FROM unnest(:slots, :lengths, :succeeded, :contents, :input, :cached, :output, :reasoning)
                     WITH ORDINALITY
                     AS g (slot, length, succeeded, content,
                           input_tokens, cached_tokens, output_tokens, reasoning_tokens, position)) AS groups_of_lines
      ), fresh AS MATERIALIZED (
          SELECT held.batch, held.ordinal, p.first_line AS part_line, given.*
          FROM given
          JOIN held ON held.slot = given.slot
          JOIN file_part p ON (p.file, p.ordinal) = (held.file, held.part)
          WHERE (SELECT count(*) = 0 FROM result_group g
                 WHERE g.batch = held.batch AND g.part_line = p.first_line AND g.lines && given.lines)
      ), stored AS (
          INSERT INTO result_group (batch, part_line, first_line, succeeded, lines, ends, content)
          SELECT batch, part_line, lines[1], succeeded, lines, ends, content FROM fresh
      ), tally AS (
          SELECT batch, ordinal,
                 coalesce(sum(cardinality(lines)) FILTER (WHERE succeeded), 0) AS completed,
                 coalesce(sum(cardinality(lines)) FILTER (WHERE NOT succeeded), 0) AS failed,
                 coalesce(sum(octet_length(content)) FILTER (WHERE succeeded), 0) AS output_bytes,
                 coalesce(sum(octet_length(content)) FILTER (WHERE NOT succeeded), 0) AS error_bytes,
                 sum(input_tokens) AS input_tokens, sum(cached_tokens) AS cached_tokens,
                 sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens
          FROM fresh
          GROUP BY batch, ordinal
      ), counted AS (
          UPDATE shard s
          SET completed = s.completed + t.completed,
              failed = s.failed + t.failed,
              output_bytes = s.output_bytes + t.output_bytes,
              error_bytes = s.error_bytes + t.error_bytes,
              input_tokens = s.input_tokens + t.input_tokens,
              cached_tokens = s.cached_tokens + t.cached_tokens,
              output_tokens = s.output_tokens + t.output_tokens,
              reasoning_tokens = s.reasoning_tokens + t.reasoning_tokens,
              state = CASE WHEN s.completed + s.failed + t.completed + t.failed = s.lines
                           THEN 'done' ELSE 'leased' END,
              leased_by = CASE WHEN s.completed + s.failed + t.completed + t.failed = s.lines
                               THEN NULL ELSE s.leased_by END,
              lease_expires_at = CASE WHEN s.completed + s.failed + t.completed + t.failed = s.lines
                                      THEN NULL ELSE s.lease_expires_at END
          FROM tally t
          WHERE (s.batch, s.ordinal) = (t.batch, t.ordinal)
          RETURNING s.batch, s.ordinal, s.state = 'done' AS done
      )
      SELECT held.batch, held.ordinal, held.attempt, coalesce(counted.done, false) AS done
      FROM held LEFT JOIN counted USING (batch, ordinal)
      """;

  private static final String GIVE_BACK =
      HELD
          + """
          UPDATE shard s
          SET state = 'queued', leased_by = NULL, lease_expires_at = NULL,
              available_at = now() + :delay_ms * interval '1 millisecond'
          FROM held
          WHERE (s.batch, s.ordinal) = (held.batch, held.ordinal)
          """;

  /**
   * Idempotent; safe in every process at once. A lease that is locked is being settled, renewed or
   * reaped: it can wait for the next round.
   */
  private static final String REAP_EXPIRED =
      """
      WITH expired AS MATERIALIZED (
          SELECT batch, ordinal FROM shard
          WHERE state = 'leased' AND lease_expires_at <= now()
          ORDER BY batch, ordinal
          FOR UPDATE SKIP LOCKED
      )
      UPDATE shard s
      SET state = 'queued', faults = faults + 1, leased_by = NULL, lease_expires_at = NULL, available_at = now()
      FROM expired
      WHERE (s.batch, s.ordinal) = (expired.batch, expired.ordinal)
      """;

  private static final String REAP_HOLDER =
      """
      WITH lost AS MATERIALIZED (
          SELECT batch, ordinal FROM shard
          WHERE state = 'leased' AND leased_by = :holder
          ORDER BY batch, ordinal
          FOR UPDATE
      )
      UPDATE shard s
      SET state = 'queued', faults = faults + :faults, leased_by = NULL, lease_expires_at = NULL,
          available_at = now()
      FROM lost
      WHERE (s.batch, s.ordinal) = (lost.batch, lost.ordinal)
      """;

  private static final String ENQUEUE =
      """
      INSERT INTO shard (batch, ordinal, file, part, model, lines, priority, deadline)
      SELECT b.id, row_number() OVER (ORDER BY p.ordinal, m.position) - 1, p.file, p.ordinal, m.model, m.lines,
             b.priority, b.expires_at
      FROM batch b
      JOIN file_part p ON p.file = :file
      CROSS JOIN LATERAL unnest(p.models, p.model_lines) WITH ORDINALITY AS m (model, lines, position)
      WHERE b.id = :batch
      """;

  private final JdbcClient jdbc;

  public ShardTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** Cuts a validated batch into shards: one for each part and model of its input file. */
  public int enqueue(BatchId batch, UUID file) {
    return jdbc.sql(ENQUEUE).param("batch", batch.value()).param("file", file).update();
  }

  /** Leases up to {@code shards} queued shards of these models, in the queue's order. */
  public List<Lease> claim(String holder, Collection<String> models, int shards, Duration ttl) {
    return jdbc.sql(CLAIM)
        .param("models", texts(models))
        .param("shards", shards)
        .param("holder", holder)
        .param("ttl_ms", ttl.toMillis())
        .query((row, _) -> lease(row))
        .list();
  }

  /**
   * Looks which of these models have shards that could be claimed now; those without are missing.
   *
   * @return the order in which their best shards would be claimed
   */
  public List<WaitingModel> waiting(Collection<String> models) {
    return jdbc.sql(WAITING)
        .param("models", texts(models))
        .param("shards_max", WaitingModel.SHARDS_MAX)
        .query(
            (row, _) ->
                new WaitingModel(
                    row.getString("model"),
                    row.getInt("shards"),
                    Duration.ofMillis(row.getLong("waiting_ms")),
                    row.getInt("priority"),
                    row.getObject("deadline", OffsetDateTime.class).toInstant()))
        .list();
  }

  /**
   * Leases shards whose unfinished lines shall end without an answer.
   *
   * @param quarantined models, by the names that requests use, that nobody loads any more
   */
  public List<Lease> claimUnwanted(
      String holder, Collection<String> quarantined, int shards, Duration ttl) {
    List<Lease> claimed = new ArrayList<>(claimEnding(holder, shards, ttl));
    if (claimed.size() < shards && !quarantined.isEmpty()) {
      claimed.addAll(claimQuarantined(holder, quarantined, shards - claimed.size(), ttl));
    }
    if (claimed.size() < shards) {
      claimed.addAll(claimDeadly(holder, shards - claimed.size(), ttl));
    }
    return List.copyOf(claimed);
  }

  private List<Lease> claimEnding(String holder, int shards, Duration ttl) {
    return jdbc.sql(CLAIM_ENDING)
        .param("shards", shards)
        .param("holder", holder)
        .param("ttl_ms", ttl.toMillis())
        .query((row, _) -> lease(row))
        .list();
  }

  private List<Lease> claimQuarantined(
      String holder, Collection<String> models, int shards, Duration ttl) {
    return jdbc.sql(CLAIM_QUARANTINED)
        .param("models", texts(models))
        .param("shards", shards)
        .param("holder", holder)
        .param("ttl_ms", ttl.toMillis())
        .query((row, _) -> lease(row))
        .list();
  }

  private List<Lease> claimDeadly(String holder, int shards, Duration ttl) {
    return jdbc.sql(CLAIM_DEADLY)
        .param("shards", shards)
        .param("holder", holder)
        .param("ttl_ms", ttl.toMillis())
        .query((row, _) -> lease(row))
        .list();
  }

  /** What the leases give the right to run; those lost meanwhile are missing. */
  public List<ClaimedShard> read(List<Lease> leases) {
    return named(READ, leases).query((row, _) -> claimed(row)).list();
  }

  /** Extends the leases that are still held; those lost are missing from the answer. */
  public List<Renewed> renew(List<Lease> leases, Duration ttl) {
    return named(RENEW, leases)
        .param("ttl_ms", ttl.toMillis())
        .query((row, _) -> new Renewed(lease(row), row.getBoolean("wanted")))
        .list();
  }

  /**
   * Stores finished lines of shards that are still held. May be sent again, the same lines
   * together, when its outcome is unknown. Of a line named twice the first result is stored.
   *
   * @return the leases still held; the results of one missing here were refused
   */
  public List<Settled> settle(List<FinishedLine> finished) {
    List<ResultGroup> groups = ResultGroup.of(finished);
    Map<Lease, Integer> slots = new LinkedHashMap<>();
    groups.forEach(group -> slots.putIfAbsent(group.lease(), slots.size() + 1));
    return named(SETTLE, List.copyOf(slots.keySet()))
        .param("slots", groups.stream().mapToInt(group -> slots.get(group.lease())).toArray())
        .param("lengths", groups.stream().mapToInt(group -> group.lines().length).toArray())
        .param("lines", joined(groups, ResultGroup::lines))
        .param("ends", joined(groups, ResultGroup::ends))
        .param(
            "succeeded",
            new SqlArrayValue("boolean", groups.stream().map(ResultGroup::succeeded).toArray()))
        .param("contents", groups.stream().map(ResultGroup::content).toArray(byte[][]::new))
        .param("input", groups.stream().mapToLong(ResultGroup::inputTokens).toArray())
        .param("cached", groups.stream().mapToLong(ResultGroup::cachedTokens).toArray())
        .param("output", groups.stream().mapToLong(ResultGroup::outputTokens).toArray())
        .param("reasoning", groups.stream().mapToLong(ResultGroup::reasoningTokens).toArray())
        .query((row, _) -> new Settled(lease(row), row.getBoolean("done")))
        .list();
  }

  private static int[] joined(List<ResultGroup> groups, Function<ResultGroup, int[]> of) {
    return groups.stream().map(of).flatMapToInt(Arrays::stream).toArray();
  }

  /**
   * Returns leases unharmed: no fault is counted, and nobody claims them before the delay is over.
   *
   * @param delay at most {@link #DELAY_MAX}
   */
  public int giveBack(List<Lease> leases, Duration delay) {
    if (delay.compareTo(DELAY_MAX) > 0) {
      throw new IllegalArgumentException("a delay of " + delay);
    }
    return named(GIVE_BACK, leases).param("delay_ms", delay.toMillis()).update();
  }

  /** Returns expired leases to the queue, one fault counted for each. */
  public int reapExpired() {
    return jdbc.sql(REAP_EXPIRED).update();
  }

  /**
   * Returns the leases of a holder known to be dead or fenced.
   *
   * @param faulty whether a fault is counted for each
   */
  public int reapHolder(String holder, boolean faulty) {
    return jdbc.sql(REAP_HOLDER).param("holder", holder).param("faults", faulty ? 1 : 0).update();
  }

  private JdbcClient.StatementSpec named(String sql, List<Lease> leases) {
    return jdbc.sql(sql)
        .param("batches", new SqlArrayValue("uuid", uuids(leases)))
        .param("ordinals", leases.stream().mapToInt(lease -> lease.key().ordinal()).toArray())
        .param("attempts", leases.stream().mapToInt(Lease::attempt).toArray());
  }

  private static Object[] uuids(List<Lease> leases) {
    return leases.stream().map(lease -> lease.key().batch().value()).toArray();
  }

  private static SqlArrayValue texts(Collection<String> texts) {
    return new SqlArrayValue("text", texts.toArray());
  }

  private static ShardKey key(ResultSet row) throws SQLException {
    return new ShardKey(new BatchId(row.getObject("batch", UUID.class)), row.getInt("ordinal"));
  }

  private static Lease lease(ResultSet row) throws SQLException {
    return new Lease(key(row), row.getInt("attempt"));
  }

  private static ClaimedShard claimed(ResultSet row) throws SQLException {
    return new ClaimedShard(
        lease(row),
        row.getString("endpoint"),
        row.getString("model"),
        row.getInt("lines"),
        row.getBoolean("last"),
        row.getInt("first_line"),
        row.getBytes("content"),
        lines(row.getArray("done")),
        strikes(row.getArray("struck")));
  }

  private static Set<Integer> lines(Array array) throws SQLException {
    return new HashSet<>(List.of((Integer[]) array.getArray()));
  }

  /** Each is a line, its strikes and those that it got alone. */
  private static Map<Integer, LineStrikes> strikes(Array array) throws SQLException {
    Map<Integer, LineStrikes> strikes = new HashMap<>();
    for (Object each : (Object[]) array.getArray()) {
      Integer[] struck = (Integer[]) each;
      strikes.put(struck[0], new LineStrikes(struck[1], struck[2]));
    }
    return strikes;
  }
}

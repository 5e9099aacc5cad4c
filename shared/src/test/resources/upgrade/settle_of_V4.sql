-- How workers stored finished lines until V5, each as a row of its own.
WITH held AS MATERIALIZED (
    SELECT s.batch, s.ordinal, mine.slot
    FROM unnest(:batches, :ordinals, :attempts) WITH ORDINALITY AS mine (batch, ordinal, attempt, slot)
    JOIN shard s ON (s.batch, s.ordinal, s.attempt) = (mine.batch, mine.ordinal, mine.attempt)
    WHERE s.state = 'leased'
    ORDER BY s.batch, s.ordinal
    FOR UPDATE OF s
), finished AS MATERIALIZED (
    SELECT held.batch, held.ordinal, f.*
    FROM unnest(:slots, :lines, :succeeded, :bodies, :input, :cached, :output, :reasoning)
         AS f (slot, line, succeeded, body, input_tokens, cached_tokens, output_tokens, reasoning_tokens)
    JOIN held ON held.slot = f.slot
    WHERE NOT EXISTS (SELECT 1 FROM result r WHERE r.batch = held.batch AND r.line = f.line)
), stored AS (
    INSERT INTO result (batch, line, succeeded, body)
    SELECT batch, line, succeeded, body FROM finished
), tally AS (
    SELECT f.batch, f.ordinal,
           count(*) FILTER (WHERE f.succeeded) AS completed,
           count(*) FILTER (WHERE NOT f.succeeded) AS failed,
           coalesce(sum(octet_length(f.body) + 1) FILTER (WHERE f.succeeded), 0) AS output_bytes,
           coalesce(sum(octet_length(f.body) + 1) FILTER (WHERE NOT f.succeeded), 0) AS error_bytes,
           sum(f.input_tokens) AS input_tokens, sum(f.cached_tokens) AS cached_tokens,
           sum(f.output_tokens) AS output_tokens, sum(f.reasoning_tokens) AS reasoning_tokens
    FROM finished f
    GROUP BY f.batch, f.ordinal
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
SELECT held.batch, held.ordinal, coalesce(counted.done, false) AS done
FROM held LEFT JOIN counted USING (batch, ordinal)

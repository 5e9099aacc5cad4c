-- Finished lines are stored in groups: a row, and an entry of the index, for each line cost more than the line.
--   result_group   results of one part of the input that were stored together and go to the same file
--   result         one finished line, as before: what the groups hold
--
-- Rewrites all results in one transaction, in which nobody else reads or stores any.

-- PostgreSQL interrupts its own vacuum only for who has waited a second.
SET LOCAL lock_timeout = '1500ms';
ALTER TABLE result RENAME TO ungrouped;
ALTER INDEX result_pkey RENAME TO ungrouped_pkey;

CREATE TABLE result_group (
    batch      uuid    NOT NULL, -- no reference: the shard that fences the insert has one
    part_line  int     NOT NULL CHECK (part_line >= 1), -- the first line of the part; parts never overlap, groups may
    first_line int     NOT NULL, -- its first; that no later line is in two groups is for those to see who insert
    succeeded  boolean NOT NULL,
    lines      int[]   NOT NULL, -- ascending
    ends       int[]   NOT NULL, -- where each line ends in the content
    content    bytea   NOT NULL, -- a stretch of the result file: each line with its line end
    PRIMARY KEY (batch, part_line, first_line),
    CONSTRAINT an_end_for_each_line CHECK (cardinality(lines) = cardinality(ends)),
    CONSTRAINT begins_with_its_first_line CHECK (coalesce(lines[1] = first_line, false)),
    CONSTRAINT within_its_part CHECK (first_line >= part_line),
    CONSTRAINT ends_with_its_last_line CHECK (coalesce(ends[cardinality(ends)] = octet_length(content), false))
) WITH (toast_tuple_target = 4096); -- the numbers of 256 lines stay in the row, uncompressed
ALTER TABLE result_group ALTER COLUMN content SET STORAGE EXTERNAL;

-- Lines of a file that was deleted since have lost their parts; where parts begin then matters to nobody.
INSERT INTO result_group (batch, part_line, first_line, succeeded, lines, ends, content)
SELECT batch, part_line, min(line), succeeded, array_agg(line ORDER BY line),
       array_agg((upto - group_start)::int ORDER BY line), string_agg(body || '\x0a', '' ORDER BY line)
FROM (SELECT *, min(upto - bytes) OVER (PARTITION BY batch, part_line, succeeded, group_number) AS group_start
      FROM (SELECT *, (upto - bytes) / 16777216 AS group_number
            FROM (SELECT *, octet_length(body) + 1 AS bytes,
                         sum(octet_length(body) + 1) OVER (PARTITION BY batch, part_line, succeeded
                                                           ORDER BY line)::bigint AS upto
                  FROM (SELECT batch, line, succeeded, body,
                               coalesce(max(begins) OVER (PARTITION BY batch ORDER BY line),
                                        line - (line - 1) % 256) AS part_line
                        FROM (SELECT batch, line, succeeded, body, NULL::int AS begins FROM ungrouped
                              UNION ALL
                              SELECT s.batch, p.first_line, NULL, NULL, p.first_line
                              FROM (SELECT DISTINCT batch, file, part FROM shard) AS s
                              JOIN file_part p ON (p.file, p.ordinal) = (s.file, s.part)) AS lines_and_parts
                       ) AS placed
                  WHERE body IS NOT NULL) AS measured) AS numbered) AS grouped
GROUP BY batch, part_line, succeeded, group_number;

DROP TABLE ungrouped;

CREATE VIEW result AS
SELECT g.batch, of_group.line, g.succeeded,
       substr(g.content, coalesce(g.ends[of_group.position - 1], 0) + 1,
              g.ends[of_group.position] - coalesce(g.ends[of_group.position - 1], 0) - 1) AS body
FROM result_group g
CROSS JOIN LATERAL unnest(g.lines) WITH ORDINALITY AS of_group (line, position);

-- For workers of earlier builds that go on until they are replaced: they store lines one by one.
CREATE FUNCTION store_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO result_group (batch, part_line, first_line, succeeded, lines, ends, content)
    SELECT NEW.batch, max(first_line), NEW.line, NEW.succeeded, ARRAY[NEW.line], ARRAY[octet_length(NEW.body) + 1],
           NEW.body || '\x0a'
    FROM file_part
    WHERE file = (SELECT file FROM shard WHERE batch = NEW.batch LIMIT 1) AND first_line <= NEW.line;
    RETURN NEW;
END
$$;
CREATE TRIGGER of_earlier_builds INSTEAD OF INSERT ON result FOR EACH ROW EXECUTE FUNCTION store_result();

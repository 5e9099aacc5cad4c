package dev.stoker.api.intake;

import dev.stoker.file.FileId;
import java.util.Collection;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/** What the parts of an input file say of it. Only {@link #part} touches the bytes. */
final class PartFactTable {

  /**
   * @param firstModel of the first valid line; null if there is none
   */
  record Facts(
      long requests,
      long faults,
      boolean otherUrls,
      boolean unknownModels,
      boolean quarantinedModels,
      String firstModel) {

    boolean linesAreWrong() {
      return faults > 0 || otherUrls || unknownModels || quarantinedModels;
    }
  }

  /**
   * A line whose custom_id an earlier line has.
   *
   * @param position which of its part's valid lines, from 1
   */
  record Duplicate(int part, int position) {}

  /** The bytes of a part. */
  record Content(int firstLine, byte[] bytes) {}

  private static final String FACTS =
      """
      SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(faults), 0) AS faults,
             coalesce(bool_or(NOT urls <@ ARRAY[:endpoint]::text[]), false) AS other_urls,
             coalesce(bool_or(NOT models <@ (:usable || :quarantined)), false) AS unknown_models,
             coalesce(bool_or(models && :quarantined), false) AS quarantined_models,
             (SELECT models[1] FROM file_part WHERE file = :file AND models <> '{}' ORDER BY ordinal LIMIT 1)
                 AS first_model
      FROM file_part WHERE file = :file
      """;

  private static final String OFFENDING =
      """
      SELECT ordinal FROM file_part
      WHERE file = :file AND (faults > 0 OR NOT urls <@ ARRAY[:endpoint]::text[] OR NOT models <@ :usable)
      ORDER BY ordinal
      LIMIT :parts
      """;

  /** Nothing but the digests that occur twice is ever sorted. */
  private static final String DUPLICATES =
      """
      WITH twice AS MATERIALIZED (
          SELECT id FROM file_part, unnest(custom_ids) AS id WHERE file = :file
          GROUP BY id HAVING count(*) > 1
      ), occurrence AS (
          SELECT p.ordinal, c.position,
                 row_number() OVER (PARTITION BY c.id ORDER BY p.ordinal, c.position) AS nth
          FROM file_part p
          CROSS JOIN LATERAL unnest(p.custom_ids) WITH ORDINALITY AS c (id, position)
          JOIN twice ON twice.id = c.id
          WHERE p.file = :file
      )
      SELECT ordinal, position FROM occurrence WHERE nth > 1
      ORDER BY ordinal, position
      LIMIT :lines
      """;

  private static final String PART =
      "SELECT first_line, content FROM file_part WHERE file = :file AND ordinal = :part";

  private final JdbcClient jdbc;

  PartFactTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  Facts facts(FileId file, String endpoint, KnownModels models) {
    return jdbc.sql(FACTS)
        .param("file", file.value())
        .param("endpoint", endpoint)
        .param("usable", texts(models.usable()))
        .param("quarantined", texts(models.quarantined().keySet()))
        .query(
            (row, _) ->
                new Facts(
                    row.getLong("requests"),
                    row.getLong("faults"),
                    row.getBoolean("other_urls"),
                    row.getBoolean("unknown_models"),
                    row.getBoolean("quarantined_models"),
                    row.getString("first_model")))
        .single();
  }

  /** The first parts that hold a line that is faulty by itself or does not suit the batch. */
  List<Integer> offending(FileId file, String endpoint, KnownModels models, int parts) {
    return jdbc.sql(OFFENDING)
        .param("file", file.value())
        .param("endpoint", endpoint)
        .param("usable", texts(models.usable()))
        .param("parts", parts)
        .query(Integer.class)
        .list();
  }

  /** The first lines whose custom_id was there before, in the order of lines. */
  List<Duplicate> duplicates(FileId file, int lines) {
    return jdbc.sql(DUPLICATES)
        .param("file", file.value())
        .param("lines", lines)
        .query((row, _) -> new Duplicate(row.getInt("ordinal"), row.getInt("position")))
        .list();
  }

  Content part(FileId file, int part) {
    return jdbc.sql(PART)
        .param("file", file.value())
        .param("part", part)
        .query((row, _) -> new Content(row.getInt("first_line"), row.getBytes("content")))
        .single();
  }

  private static SqlArrayValue texts(Collection<String> texts) {
    return new SqlArrayValue("text", texts.toArray());
  }
}

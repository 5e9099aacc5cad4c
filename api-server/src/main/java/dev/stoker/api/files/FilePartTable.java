package dev.stoker.api.files;

import dev.stoker.file.FileId;
import java.util.List;
import org.postgresql.util.ByteStreamWriter;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;
import org.springframework.transaction.support.TransactionTemplate;

/** Every statement that writes the parts of a file, or reads their bytes for a download. */
final class FilePartTable {

  /** A part as it was uploaded. */
  record Content(int ordinal, byte[] bytes) {}

  private static final String INSERT =
      """
      INSERT INTO file_part (file, ordinal, first_line, last_line, requests, faults, urls, models, model_lines,
                             custom_ids, content)
      VALUES (:file, :ordinal, :first_line, :last_line, :requests, :faults, :urls, :models, :model_lines,
              :custom_ids, :content)
      """;

  private static final String TOUCH =
      "UPDATE file SET touched_at = now() WHERE id = :file AND status = 'uploading'";

  /** As many parts as fit into the budget, but one in any case. */
  private static final String PAGE =
      """
      SELECT ordinal, content
      FROM (SELECT ordinal, content, sum(octet_length(content)) OVER (ORDER BY ordinal) AS bytes
            FROM (SELECT ordinal, content FROM file_part
                  WHERE file = :file AND ordinal > :after ORDER BY ordinal LIMIT 16) AS next_parts) AS counted
      WHERE bytes - octet_length(content) < :bytes_max
      ORDER BY ordinal
      """;

  private static final String DISCARD =
      "DELETE FROM file WHERE id = :file AND status = 'uploading'";

  private final JdbcClient jdbc;
  private final TransactionTemplate transaction;

  FilePartTable(JdbcClient jdbc, TransactionTemplate transaction) {
    this.jdbc = jdbc;
    this.transaction = transaction;
  }

  /**
   * Stores parts of an upload in one transaction.
   *
   * @throws UploadLost if the upload stood still for so long that it was swept away
   */
  void insert(FileId file, List<Part> parts) {
    transaction.executeWithoutResult(
        _ -> {
          if (jdbc.sql(TOUCH).param("file", file.value()).update() == 0) {
            throw new UploadLost(file);
          }
          parts.forEach(part -> insert(file, part));
        });
  }

  private void insert(FileId file, Part part) {
    jdbc.sql(INSERT)
        .param("file", file.value())
        .param("ordinal", part.ordinal())
        .param("first_line", part.firstLine())
        .param("last_line", part.lastLine())
        .param("requests", part.requests())
        .param("faults", part.faults())
        .param("urls", new SqlArrayValue("text", part.urls().toArray()))
        .param(
            "models",
            new SqlArrayValue("text", part.models().stream().map(Part.ModelLines::model).toArray()))
        .param("model_lines", part.models().stream().mapToInt(Part.ModelLines::lines).toArray())
        .param("custom_ids", new SqlArrayValue("uuid", part.customIds().toArray()))
        .param("content", ByteStreamWriter.of(part.content()))
        .update();
  }

  /** The parts after one, in order; none at the end. */
  List<Content> page(FileId file, int after, int bytesMax) {
    return jdbc.sql(PAGE)
        .param("file", file.value())
        .param("after", after)
        .param("bytes_max", bytesMax)
        .query((row, _) -> new Content(row.getInt("ordinal"), row.getBytes("content")))
        .list();
  }

  /** Deletes an upload that will not be completed. */
  void discard(FileId file) {
    jdbc.sql(DISCARD).param("file", file.value()).update();
  }
}

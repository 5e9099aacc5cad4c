package dev.stoker.simulation;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.testing.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two batches of one input file: what was asked for again, or made twice. */
class LedgerTest {
  private static final String INSERT =
      """
      INSERT INTO batch (id, endpoint, input_file_id, completion_window, status, errors, created_at, failed_at, expires_at)
      VALUES (gen_random_uuid(), '/v1/embeddings', 'file-a', '24h', :status,
              CASE WHEN :status = 'failed' THEN '{}' END,
              now() + :created_s * interval '1 second',
              CASE WHEN :status = 'failed' THEN now() + :failed_s * interval '1 second' END,
              now() + interval '1 day')
      """;

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final Ledger ledger = new Ledger(database.jdbc(), new SimulatedClock(_ -> {}));

  @Test
  void whoever_asks_again_within_a_minute_gets_the_batch_that_there_is() {
    insert("validating", 0, 0);
    insert("validating", 59, 0);

    assertThatThrownBy(ledger::check).hasMessageContaining("two batches were made of one request");
  }

  @Test
  void whoever_asks_again_later_gets_another() {
    insert("validating", 0, 0);
    insert("validating", 60, 0);

    assertThatCode(ledger::check).doesNotThrowAnyException();
  }

  @Test
  void whoever_asks_again_after_a_failure_gets_another() {
    insert("failed", 0, 1);
    insert("validating", 1, 0);

    assertThatCode(ledger::check).doesNotThrowAnyException();
  }

  @Test
  void a_failure_that_came_later_is_no_reason_for_another() {
    insert("failed", 0, 3);
    insert("validating", 2, 0);

    assertThatThrownBy(ledger::check).hasMessageContaining("two batches were made of one request");
  }

  private static void insert(String status, int createdSeconds, int failedSeconds) {
    database
        .jdbc()
        .sql(INSERT)
        .param("status", status)
        .param("created_s", createdSeconds)
        .param("failed_s", failedSeconds)
        .update();
  }
}

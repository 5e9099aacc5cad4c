package dev.stoker.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.file.FilePurpose;
import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerStatus;
import dev.stoker.model.ModelEngine;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.dao.DataIntegrityViolationException;

class SchemaTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  /** A constraint, and what changes a row that is possible into one that it must refuse. */
  private static final List<Refused> REFUSED =
      List.of(
          new Refused("batch.batch_output_expires_after_s_check", "output_expires_after_s = 3599"),
          new Refused(
              "batch.batch_output_expires_after_s_check", "output_expires_after_s = 2592001"),
          new Refused("batch.batch_total_check", "total = -1"),
          new Refused("batch.batch_completed_check", "completed = -1, failed = 3"),
          new Refused("batch.batch_failed_check", "completed = 3, failed = -1"),
          new Refused("batch.status_is_known", "status = 'queued'"),
          new Refused("batch.status_is_known", "status = 'Completed'"),
          new Refused("batch.ended_batch_accounts_for_every_line", ended("completed", "1", "0")),
          new Refused("batch.ended_batch_accounts_for_every_line", ended("completed", "2", "1")),
          new Refused("batch.ended_batch_accounts_for_every_line", ended("expired", "0", "0")),
          new Refused("batch.ended_batch_accounts_for_every_line", ended("cancelled", "1", "0")),
          new Refused(
              "batch.ended_batch_accounts_for_every_line", ended("completed", "NULL", "NULL")),
          new Refused(
              "batch.ended_batch_accounts_for_every_line",
              ended("completed", "1", "1") + ", total = NULL"),
          new Refused("batch.counts_only_at_the_end", "completed = 1"),
          new Refused("batch.counts_only_at_the_end", "failed = 1"),
          new Refused("batch.counts_only_at_the_end", "completed = 1, failed = 1"),
          new Refused("batch.failed_says_why", "status = 'failed', failed_at = now()"),
          new Refused("batch.failed_says_why", "errors = '[]'"),
          new Refused("batch.files_only_at_the_end", "output_file = gen_random_uuid()"),
          new Refused("batch.files_only_at_the_end", "error_file = gen_random_uuid()"),
          new Refused("batch.each_end_has_its_time", "in_progress_at = NULL"),
          new Refused("batch.each_end_has_its_time", "status = 'finalizing'"),
          new Refused("batch.each_end_has_its_time", "status = 'cancelling'"),
          new Refused("batch.each_end_has_its_time", "status = 'failed', errors = '[]'"),
          new Refused(
              "batch.each_end_has_its_time", "status = 'completed', completed = 2, failed = 0"),
          new Refused(
              "batch.each_end_has_its_time", "status = 'expired', completed = 2, failed = 0"),
          new Refused(
              "batch.each_end_has_its_time", "status = 'cancelled', completed = 2, failed = 0"),
          new Refused("file.file_bytes_check", "bytes = -1"),
          new Refused("file.file_lines_check", "lines = -1"),
          new Refused("file.purpose_is_known", "purpose = 'other'"),
          new Refused("file.file_status_is_known", "status = 'deleted'"),
          new Refused(
              "file.result_kind_is_known",
              "purpose = 'batch_output', result_kind = 'both', batch = (SELECT id FROM batch)"),
          new Refused("file.produced_by_a_batch", "purpose = 'batch_output'"),
          new Refused("file.produced_by_a_batch", "batch = (SELECT id FROM batch)"),
          new Refused(
              "file.produced_by_a_batch",
              "purpose = 'batch_output', batch = (SELECT id FROM batch)"),
          new Refused(
              "file.produced_by_a_batch", "result_kind = 'output', batch = (SELECT id FROM batch)"),
          new Refused("file.produced_by_a_batch", "result_kind = 'output'"),
          new Refused("file_part.file_part_ordinal_check", "ordinal = -1"),
          new Refused("file_part.file_part_first_line_check", "first_line = 0"),
          new Refused("file_part.file_part_requests_check", "requests = 257"),
          new Refused("file_part.file_part_requests_check", "requests = -1"),
          new Refused("file_part.file_part_faults_check", "faults = 257"),
          new Refused("file_part.file_part_faults_check", "faults = -1"),
          new Refused("file_part.lines_in_order", "first_line = 9"),
          new Refused("file_part.a_model_a_count", "models = '{m,n}'"),
          new Refused("file_part.a_model_a_count", "model_lines = '{}'"),
          new Refused("shard.shard_ordinal_check", "ordinal = -1"),
          new Refused("shard.shard_lines_check", "lines = 0, state = 'done'"),
          new Refused("shard.shard_lines_check", "lines = 257"),
          new Refused("shard.shard_completed_check", "completed = -1, failed = 2"),
          new Refused("shard.shard_failed_check", "completed = 2, failed = -1"),
          new Refused("shard.state_is_known", "state = 'running'"),
          new Refused("shard.leased_iff_held", "state = 'leased'"),
          new Refused("shard.leased_iff_held", "state = 'leased', leased_by = 'w'"),
          new Refused("shard.leased_iff_held", "state = 'leased', lease_expires_at = now()"),
          new Refused("shard.leased_iff_held", "leased_by = 'w', lease_expires_at = now()"),
          new Refused("shard.faults_follow_attempts", "faults = 1"),
          new Refused("shard.faults_follow_attempts", "faults = -1"),
          new Refused("shard.done_iff_every_line_is", "state = 'done'"),
          new Refused("shard.done_iff_every_line_is", "state = 'done', completed = 1"),
          new Refused("shard.done_iff_every_line_is", "completed = 1, failed = 1"),
          new Refused("shard.no_more_results_than_lines", "completed = 2, failed = 1"),
          new Refused("result_group.result_group_part_line_check", "part_line = 0"),
          new Refused("result_group.within_its_part", "part_line = 2"),
          new Refused("result_group.an_end_for_each_line", "lines = '{1,2}'"),
          new Refused("result_group.begins_with_its_first_line", "first_line = 2"),
          new Refused("result_group.begins_with_its_first_line", "lines = '{}', ends = '{}'"),
          new Refused("result_group.ends_with_its_last_line", "ends = '{4}'"),
          new Refused("worker_heartbeat.worker_heartbeat_incarnation_check", "incarnation = 0"),
          new Refused("worker_heartbeat.worker_heartbeat_in_flight_check", "in_flight = -1"),
          new Refused("worker_heartbeat.worker_status_is_known", "status = 'busy'"),
          new Refused("worker_slot.slot_state_is_known", "state = 'dead'"),
          new Refused("worker_slot.wish_is_known", "wish = 'stop'"),
          new Refused("worker_slot.gpu_fault_has_its_time", "gpu_fault = 'Xid 79'"),
          new Refused("worker_slot.gpu_fault_has_its_time", "gpu_fault_seen_at = now()"),
          new Refused("gpu.gpu_index_check", "index = -1"),
          new Refused("gpu.gpu_memory_used_bytes_check", "memory_used_bytes = -1"),
          new Refused("gpu.gpu_memory_total_bytes_check", "memory_total_bytes = -1"),
          new Refused("gpu.gpu_utilisation_percent_check", "utilisation_percent = -1"),
          new Refused("gpu.gpu_utilisation_percent_check", "utilisation_percent = 101"),
          new Refused("gpu.gpu_temperature_c_check", "temperature_c = -274"),
          new Refused("gpu.gpu_temperature_c_check", "temperature_c = 1001"),
          new Refused("gpu.gpu_power_mw_check", "power_mw = -1"),
          new Refused("line_strike.line_strike_line_check", "line = 0"),
          new Refused("line_strike.line_strike_strikes_check", "strikes = 0, alone = 0"),
          new Refused("line_strike.alone_are_strikes", "alone = 2"),
          new Refused("line_strike.alone_are_strikes", "alone = -1"),
          new Refused("worker_heartbeat.worker_heartbeat_swaps_check", "swaps = -1"),
          new Refused("worker_heartbeat.worker_heartbeat_last_swap_ms_check", "last_swap_ms = -1"),
          new Refused("model.engine_is_known", "engine = 'vllm'"),
          new Refused("model.aliases_are_other_names", "aliases = '{other,m}'"),
          new Refused("model.model_memory_bytes_check", "memory_bytes = 0"),
          new Refused("model.model_slots_max_check", "slots_max = 0"),
          new Refused("model.model_context_tokens_check", "context_tokens = 0"),
          new Refused("model.model_load_failures_check", "load_failures = -1, failure = 'why'"),
          new Refused("model.model_loads_check", "loads = -1"),
          new Refused("model.model_last_load_ms_check", "last_load_ms = -1"),
          new Refused("model.model_last_unload_ms_check", "last_unload_ms = -1"),
          new Refused("model.failures_have_a_reason", "load_failures = 1"),
          new Refused("model.failures_have_a_reason", "failure = 'why'"),
          new Refused("model.quarantined_for_a_failure", "quarantined_at = now()"),
          new Refused("recovery.planned_or_poison_or_neither", "planned = true, poison = true"));

  /**
   * @param constraint with its table before it
   * @param assignments of an UPDATE
   */
  record Refused(String constraint, String assignments) {
    String table() {
      return constraint.substring(0, constraint.indexOf('.'));
    }

    String name() {
      return constraint.substring(constraint.indexOf('.') + 1);
    }
  }

  private final Rows rows = new Rows(database);

  static Stream<Arguments> refused() {
    return REFUSED.stream().map(r -> Arguments.of(r.constraint(), r.assignments(), r));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("refused")
  void an_impossible_row_is_refused(String constraint, String assignments, Refused refused) {
    onePossibleRowInEachTable();
    String update = "UPDATE " + refused.table() + " SET " + assignments;
    assertThatThrownBy(() -> database.jdbc().sql(update).update())
        .as(constraint)
        .isInstanceOf(DataIntegrityViolationException.class)
        .hasMessageContaining("\"" + refused.name() + "\"");
  }

  /** A new constraint needs a row that it refuses: add one to the table above. */
  @Test
  void every_check_of_the_schema_is_tried() {
    List<String> checks =
        database
            .jdbc()
            .sql(
                """
                SELECT conrelid::regclass || '.' || conname FROM pg_constraint
                WHERE contype = 'c' AND connamespace = 'public'::regnamespace
                """)
            .query(String.class)
            .list();
    assertThat(REFUSED.stream().map(Refused::constraint).distinct())
        .containsExactlyInAnyOrderElementsOf(checks);
  }

  @Test
  void the_states_of_the_schema_are_those_of_the_code() {
    assertThat(listed("batch", "status_is_known"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(BatchStatus.values()).map(BatchStatus::wireName).toList());
    assertThat(listed("file", "purpose_is_known"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(FilePurpose.values()).map(FilePurpose::wireName).toList());
    assertThat(listed("worker_heartbeat", "worker_status_is_known"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(WorkerStatus.values()).map(WorkerStatus::wireName).toList());
    assertThat(listed("worker_slot", "slot_state_is_known"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(SlotState.values()).map(SlotState::wireName).toList());
    assertThat(listed("model", "engine_is_known"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(ModelEngine.values()).map(ModelEngine::wireName).toList());
    assertThat(listed("shard", "state_is_known"))
        .containsExactlyInAnyOrder("queued", "leased", "done");
  }

  @Test
  void an_open_batch_is_in_a_status_that_has_successors() {
    assertThat(quoted("SELECT indexdef FROM pg_indexes WHERE indexname = 'batch_open'"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(BatchStatus.values())
                .filter(status -> !status.ended())
                .map(BatchStatus::wireName)
                .toList());
  }

  @Test
  void a_line_has_one_result() {
    onePossibleRowInEachTable();
    assertThatThrownBy(
            () ->
                database
                    .jdbc()
                    .sql(
                        """
                        INSERT INTO result_group
                        SELECT batch, part_line, first_line, false, lines, ends, '\\x6e6f0a' FROM result_group
                        """)
                    .update())
        .isInstanceOf(DataIntegrityViolationException.class)
        .hasMessageContaining("result_group_pkey");
  }

  @Test
  void a_batch_has_one_file_of_a_kind() {
    BatchId batch = rows.batch().part("m", 1).insert();
    produce(batch, "output");
    produce(batch, "error");
    assertThatThrownBy(() -> produce(batch, "output"))
        .isInstanceOf(DataIntegrityViolationException.class)
        .hasMessageContaining("file_result");
  }

  @Test
  void what_belongs_to_a_batch_or_file_goes_with_it() {
    onePossibleRowInEachTable();
    database.jdbc().sql("DELETE FROM batch").update();
    database.jdbc().sql("DELETE FROM file").update();
    assertThat(rows.value(Integer.class, "SELECT count(*) FROM shard")).isZero();
    assertThat(rows.value(Integer.class, "SELECT count(*) FROM file_part")).isZero();
  }

  private static String ended(String status, String completed, String failed) {
    return "status = '%s', %s_at = now(), completed = %s, failed = %s"
        .formatted(status, status, completed, failed);
  }

  private void onePossibleRowInEachTable() {
    BatchId batch = rows.batch().part("m", 2).insert();
    database
        .jdbc()
        .sql("INSERT INTO result_group VALUES (?, 1, 1, true, '{1}', '{3}', '\\x7b7d0a')")
        .param(batch.value())
        .update();
    rows.heartbeat("host/0", WorkerStatus.READY, Duration.ZERO);
    database
        .jdbc()
        .sql(
            "INSERT INTO worker_slot (worker, host, state, watchdog_pid)"
                + " VALUES ('host/0', 'host', 'running', 1)")
        .update();
    database
        .jdbc()
        .sql(
            "INSERT INTO gpu (host, index, uuid, name, seen_at) VALUES ('host', 0, 'u', 'n', now())")
        .update();
    database
        .jdbc()
        .sql("INSERT INTO line_strike (batch, line, strikes) VALUES (?, 1, 1)")
        .param(batch.value())
        .update();
    database
        .jdbc()
        .sql(
            "INSERT INTO model (name, engine, source, definition) VALUES ('m', 'onnx', 'file', '1')")
        .update();
    database
        .jdbc()
        .sql("INSERT INTO recovery (worker, planned, cause) VALUES ('host/0', false, 'died')")
        .update();
  }

  private void produce(BatchId batch, String kind) {
    database
        .jdbc()
        .sql(
            """
            INSERT INTO file (id, purpose, filename, status, batch, result_kind)
            VALUES (gen_random_uuid(), 'batch_output', 'f', 'processed', ?, ?)
            """)
        .param(batch.value())
        .param(kind)
        .update();
  }

  private List<String> listed(String table, String constraint) {
    return quoted(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '%s'::regclass AND conname = '%s'"
            .formatted(table, constraint));
  }

  private List<String> quoted(String definition) {
    return Pattern.compile("'([^']+)'")
        .matcher(rows.value(String.class, definition))
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }
}

package dev.stoker.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.id.OrderedIds;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardTable;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BatchEndTableTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final Rows rows = new Rows(database);
  private ShardTable shards;
  private BatchEndTable ends;

  @BeforeEach
  void open() {
    shards = new ShardTable(database.jdbc());
    ends =
        new BatchEndTable(
            database.jdbc(),
            database.database().transactions(),
            new OrderedIds(InstantSource.system()));
  }

  /** What a client reads of a batch that has ended. */
  private record Ended(
      String status,
      Integer completed,
      Integer failed,
      long inputTokens,
      long cachedTokens,
      long outputTokens,
      long reasoningTokens,
      UUID outputFile,
      UUID errorFile) {}

  private record Produced(
      UUID id, String purpose, String filename, String status, long bytes, int lines, UUID batch) {}

  @ParameterizedTest
  @CsvSource({
    "IN_PROGRESS,COMPLETED,completed_at",
    "FINALIZING,EXPIRED,expired_at",
    "CANCELLING,CANCELLED,cancelled_at"
  })
  void a_batch_whose_shards_are_done_ends(BatchStatus from, BatchStatus end, String time) {
    BatchId batch = rows.batch().part("m", 2).part("m", 1).insert();
    finish(batch, 3);
    rows.move(batch, from);
    assertThat(ends.end(batch)).contains(end);
    assertThat(rows.status(batch)).isEqualTo(end);
    assertThat(
            rows.value(
                Boolean.class,
                "SELECT "
                    + time
                    + " IS NOT NULL AND num_nonnulls(completed_at, expired_at,"
                    + " cancelled_at, failed_at) = 1 FROM batch WHERE id = ?",
                batch.value()))
        .isTrue();
  }

  @Test
  void a_completed_batch_has_been_finalizing_for_a_moment() {
    BatchId batch = rows.batch().part("m", 1).insert();
    finish(batch, 1);
    ends.end(batch);
    assertThat(
            rows.value(
                Boolean.class,
                "SELECT finalizing_at = completed_at FROM batch WHERE id = ?",
                batch.value()))
        .isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"IN_PROGRESS", "FINALIZING", "CANCELLING"})
  void a_batch_does_not_end_while_a_shard_is_open(BatchStatus status) {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).insert();
    finish(batch, 1);
    rows.move(batch, status);
    assertThat(ends.end(batch)).as("queued").isEmpty();
    Lease last = claim(batch, 1).getFirst();
    assertThat(ends.end(batch)).as("leased").isEmpty();
    assertThat(rows.status(batch)).isEqualTo(status);
    assertThat(files(batch)).isEmpty();
    shards.settle(List.of(line(last, 2, true)));
    assertThat(ends.end(batch)).isPresent();
  }

  @ParameterizedTest
  @EnumSource(names = {"VALIDATING", "COMPLETED", "FAILED", "EXPIRED", "CANCELLED"})
  @DisplayName("scenario 4: terminal state overwritten")
  void there_is_nothing_to_end_in_another_status(BatchStatus status) {
    BatchId batch = rows.batch().part("m", 1).insert();
    finish(batch, 1);
    rows.move(batch, status);
    assertThat(ends.end(batch)).isEmpty();
    assertThat(rows.status(batch)).isEqualTo(status);
    assertThat(files(batch)).isEmpty();
  }

  @Test
  void an_unknown_batch_is_not_ended() {
    assertThat(ends.end(new BatchId(new UUID(1, 1)))).isEmpty();
  }

  @Test
  void a_batch_cancelled_while_it_is_judged_waits_for_its_total() {
    BatchId batch = rows.batch().part("m", 1).insert();
    finish(batch, 1);
    rows.move(batch, BatchStatus.CANCELLING);
    database.jdbc().sql("UPDATE batch SET total = NULL").update();
    assertThat(ends.end(batch)).isEmpty();
    assertThat(ends.endable()).isEmpty();
  }

  @Test
  void counts_and_tokens_are_the_sum_over_the_shards() {
    BatchId batch = rows.batch().part("m", 2).part("m", 2).insert();
    List<Lease> leases = claim(batch, 2);
    shards.settle(
        List.of(
            new FinishedLine(leases.getFirst(), 1, true, bytes("a"), 1, 10, 100, 1000),
            new FinishedLine(leases.getFirst(), 2, false, bytes("b"), 2, 20, 200, 2000),
            new FinishedLine(leases.getLast(), 3, true, bytes("c"), 3, 30, 300, 3000),
            new FinishedLine(leases.getLast(), 4, true, bytes("d"), 4, 40, 400, 4000)));
    ends.end(batch);
    Ended ended = ended(batch);
    assertThat(ended.completed()).isEqualTo(3);
    assertThat(ended.failed()).isEqualTo(1);
    assertThat(ended.inputTokens()).isEqualTo(10);
    assertThat(ended.cachedTokens()).isEqualTo(100);
    assertThat(ended.outputTokens()).isEqualTo(1000);
    assertThat(ended.reasoningTokens()).isEqualTo(10_000);
  }

  @Test
  void a_file_has_the_bytes_of_its_results_and_their_line_ends() {
    BatchId batch = rows.batch().part("m", 3).part("m", 1).insert();
    List<Lease> leases = claim(batch, 2);
    shards.settle(
        List.of(
            new FinishedLine(leases.getFirst(), 1, true, bytes("ä"), 0, 0, 0, 0),
            new FinishedLine(leases.getFirst(), 2, true, bytes("bcd"), 0, 0, 0, 0),
            new FinishedLine(leases.getFirst(), 3, false, bytes("no"), 0, 0, 0, 0),
            new FinishedLine(leases.getLast(), 4, true, bytes(""), 0, 0, 0, 0)));
    ends.end(batch);
    Ended ended = ended(batch);
    assertThat(files(batch))
        .containsExactly(
            new Produced(
                ended.outputFile(),
                "batch_output",
                batch + "_output.jsonl",
                "processed",
                3 + 4 + 1,
                3,
                batch.value()),
            new Produced(
                ended.errorFile(),
                "batch_output",
                batch + "_error.jsonl",
                "processed",
                3,
                1,
                batch.value()));
  }

  @Test
  void there_is_an_output_file_only_when_a_line_succeeded() {
    BatchId batch = rows.batch().part("m", 2).insert();
    Lease lease = claim(batch, 1).getFirst();
    shards.settle(List.of(line(lease, 1, false), line(lease, 2, false)));
    ends.end(batch);
    assertThat(ended(batch).outputFile()).isNull();
    assertThat(ended(batch).errorFile()).isNotNull();
    assertThat(files(batch)).extracting(Produced::lines).containsExactly(2);
  }

  @Test
  void there_is_an_error_file_only_when_a_line_failed() {
    BatchId batch = rows.batch().part("m", 2).insert();
    finish(batch, 2);
    ends.end(batch);
    assertThat(ended(batch).outputFile()).isNotNull();
    assertThat(ended(batch).errorFile()).isNull();
    assertThat(files(batch)).extracting(Produced::lines).containsExactly(2);
  }

  @ParameterizedTest
  @CsvSource({"NULL,2592000", "3600,3600"})
  void result_files_are_kept_as_long_as_the_client_asked_or_thirty_days(
      String asked, long seconds) {
    BatchId batch = rows.batch().part("m", 1).insert();
    database.jdbc().sql("UPDATE batch SET output_expires_after_s = " + asked).update();
    finish(batch, 1);
    ends.end(batch);
    assertThat(
            rows.value(
                Long.class,
                "SELECT extract(epoch FROM f.expires_at - b.completed_at)::bigint"
                    + " FROM batch b JOIN file f ON f.id = b.output_file WHERE b.id = ?",
                batch.value()))
        .isEqualTo(seconds);
  }

  @Test
  void a_batch_ends_once() {
    BatchId batch = rows.batch().part("m", 1).insert();
    finish(batch, 1);
    assertThat(ends.end(batch)).isPresent();
    Ended once = ended(batch);
    assertThat(ends.end(batch)).isEmpty();
    assertThat(ended(batch)).isEqualTo(once);
    assertThat(files(batch)).hasSize(1);
  }

  @Test
  void two_threads_that_end_a_batch_make_one_set_of_files() throws Exception {
    for (int round = 0; round < 20; round++) {
      BatchId batch = rows.batch().part("m", 2).insert();
      Lease lease = claim(batch, 1).getFirst();
      shards.settle(List.of(line(lease, 1, true), line(lease, 2, false)));
      CyclicBarrier together = new CyclicBarrier(2);
      CompletableFuture<Optional<BatchStatus>> other = new CompletableFuture<>();
      Thread.ofPlatform().start(() -> other.complete(endTogether(together, batch)));
      Optional<BatchStatus> mine = endTogether(together, batch);
      assertThat(Stream.of(mine, other.get()).flatMap(Optional::stream))
          .containsExactly(BatchStatus.COMPLETED);
      assertThat(files(batch))
          .extracting(Produced::id)
          .containsExactly(ended(batch).outputFile(), ended(batch).errorFile());
    }
  }

  private Optional<BatchStatus> endTogether(CyclicBarrier together, BatchId batch) {
    try {
      together.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return ends.end(batch);
  }

  @Test
  void a_process_that_dies_while_it_ends_a_batch_leaves_it_as_it_was() {
    BatchId batch = rows.batch().part("m", 1).insert();
    finish(batch, 1);
    database
        .database()
        .transactions()
        .executeWithoutResult(
            transaction -> {
              ends.end(batch);
              transaction.setRollbackOnly();
            });
    assertThat(rows.status(batch)).isEqualTo(BatchStatus.IN_PROGRESS);
    assertThat(files(batch)).isEmpty();
    assertThat(ends.endable()).containsExactly(batch);
  }

  @Test
  void a_batch_is_endable_while_it_waits_for_nothing_else() {
    BatchId progress = finished(BatchStatus.IN_PROGRESS);
    BatchId cancelling = finished(BatchStatus.CANCELLING);
    BatchId finalizing = finished(BatchStatus.FINALIZING);
    finished(BatchStatus.VALIDATING);
    finished(BatchStatus.COMPLETED);
    finished(BatchStatus.FAILED);
    finished(BatchStatus.EXPIRED);
    finished(BatchStatus.CANCELLED);
    finish(rows.batch().part("m", 1).part("m", 1).insert(), 1);
    assertThat(ends.endable()).containsExactlyInAnyOrder(progress, cancelling, finalizing);
    ends.endable().forEach(ends::end);
    assertThat(ends.endable()).isEmpty();
  }

  @Test
  void a_window_that_has_passed_stops_its_batch() {
    BatchId over = rows.batch().part("m", 1).window(Duration.ofMillis(-1)).insert();
    BatchId running = rows.batch().part("m", 1).insert();
    assertThat(ends.expire()).isEqualTo(1);
    assertThat(rows.status(over)).isEqualTo(BatchStatus.FINALIZING);
    assertThat(rows.status(running)).isEqualTo(BatchStatus.IN_PROGRESS);
    assertThat(ends.expire()).isZero();
  }

  @Test
  void a_batch_whose_lines_are_all_finished_completes_however_late_it_is_noticed() {
    BatchId batch = finished(BatchStatus.IN_PROGRESS);
    database.jdbc().sql("UPDATE batch SET expires_at = now() - interval '1 second'").update();

    assertThat(ends.expire()).isZero();
    assertThat(ends.end(batch)).contains(BatchStatus.COMPLETED);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IN_PROGRESS")
  void a_batch_in_another_status_does_not_expire(BatchStatus status) {
    BatchId batch = rows.batch().part("m", 1).window(Duration.ofMillis(-1)).status(status).insert();
    assertThat(ends.expire()).isZero();
    assertThat(rows.status(batch)).isEqualTo(status);
  }

  private BatchId finished(BatchStatus status) {
    BatchId batch = rows.batch().part("m", 1).insert();
    finish(batch, 1);
    rows.move(batch, status);
    return batch;
  }

  /** Runs the first lines of a batch with success; its parts must end where they do. */
  private void finish(BatchId batch, int lines) {
    int line = 1;
    while (line <= lines) {
      Lease lease = claim(batch, 1).getFirst();
      int last = line + shards.read(List.of(lease)).getFirst().lines();
      while (line < last) {
        shards.settle(List.of(line(lease, line++, true)));
      }
    }
  }

  private List<Lease> claim(BatchId batch, int count) {
    BatchStatus status = rows.status(batch);
    rows.move(batch, BatchStatus.IN_PROGRESS);
    List<Lease> leases = shards.claim("host/0#1", List.of("m"), count, Duration.ofHours(1));
    rows.move(batch, status);
    assertThat(leases).allMatch(lease -> lease.key().batch().equals(batch)).hasSize(count);
    return leases.stream().sorted(Comparator.comparingInt(lease -> lease.key().ordinal())).toList();
  }

  private static FinishedLine line(Lease lease, int line, boolean succeeded) {
    return new FinishedLine(lease, line, succeeded, bytes("{}"), 0, 0, 0, 0);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private Ended ended(BatchId batch) {
    return database
        .jdbc()
        .sql("SELECT * FROM batch WHERE id = ?")
        .param(batch.value())
        .query(Ended.class)
        .single();
  }

  private List<Produced> files(BatchId batch) {
    return database
        .jdbc()
        .sql("SELECT * FROM file WHERE batch = ? ORDER BY id")
        .param(batch.value())
        .query(Produced.class)
        .list();
  }
}

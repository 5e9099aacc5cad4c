package dev.stoker.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchStatusTest {

  /** A row is where a batch is, a column where it goes: yes or -. */
  @ParameterizedTest
  @CsvSource(
      useHeadersInDisplayName = true,
      delimiter = '|',
      textBlock =
          """
          from        | VALIDATING | IN_PROGRESS | FINALIZING | COMPLETED | FAILED | EXPIRED | CANCELLING | CANCELLED
          VALIDATING  | -          | yes         | -          | -         | yes    | -       | yes        | -
          IN_PROGRESS | -          | -           | yes        | yes       | -      | -       | yes        | -
          FINALIZING  | -          | -           | -          | -         | -      | yes     | -          | -
          COMPLETED   | -          | -           | -          | -         | -      | -       | -          | -
          FAILED      | -          | -           | -          | -         | -      | -       | -          | -
          EXPIRED     | -          | -           | -          | -         | -      | -       | -          | -
          CANCELLING  | -          | -           | -          | -         | -      | -       | -          | yes
          CANCELLED   | -          | -           | -          | -         | -      | -       | -          | -
          """)
  void a_batch_moves_only_along_these_arrows(
      BatchStatus from,
      String validating,
      String inProgress,
      String finalizing,
      String completed,
      String failed,
      String expired,
      String cancelling,
      String cancelled) {
    assertMove(from, BatchStatus.VALIDATING, validating);
    assertMove(from, BatchStatus.IN_PROGRESS, inProgress);
    assertMove(from, BatchStatus.FINALIZING, finalizing);
    assertMove(from, BatchStatus.COMPLETED, completed);
    assertMove(from, BatchStatus.FAILED, failed);
    assertMove(from, BatchStatus.EXPIRED, expired);
    assertMove(from, BatchStatus.CANCELLING, cancelling);
    assertMove(from, BatchStatus.CANCELLED, cancelled);
  }

  private static void assertMove(BatchStatus from, BatchStatus to, String allowed) {
    assertThat(from.successors().contains(to))
        .as("%s to %s", from, to)
        .isEqualTo(allowed.equals("yes"));
  }

  @ParameterizedTest
  @EnumSource
  void the_end_that_follows_is_one_of_the_successors(BatchStatus status) {
    status
        .successorAtTheEnd()
        .ifPresent(end -> assertThat(status.successors()).contains(end).allMatch(s -> ends(s)));
  }

  private static boolean ends(BatchStatus status) {
    return status.ended() || status.successorAtTheEnd().isPresent();
  }

  @ParameterizedTest
  @CsvSource({"IN_PROGRESS,COMPLETED", "FINALIZING,EXPIRED", "CANCELLING,CANCELLED"})
  void a_batch_whose_lines_are_all_accounted_for_ends_so(BatchStatus from, BatchStatus end) {
    assertThat(from.successorAtTheEnd()).contains(end);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"IN_PROGRESS", "FINALIZING", "CANCELLING"})
  void nothing_else_can_be_ended(BatchStatus status) {
    assertThat(status.successorAtTheEnd()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void four_statuses_are_ends(BatchStatus status) {
    Set<BatchStatus> ends =
        Set.of(
            BatchStatus.COMPLETED, BatchStatus.FAILED, BatchStatus.EXPIRED, BatchStatus.CANCELLED);
    assertThat(status.ended()).isEqualTo(ends.contains(status));
  }

  @ParameterizedTest
  @CsvSource({
    "VALIDATING,validating",
    "IN_PROGRESS,in_progress",
    "FINALIZING,finalizing",
    "COMPLETED,completed",
    "FAILED,failed",
    "EXPIRED,expired",
    "CANCELLING,cancelling",
    "CANCELLED,cancelled"
  })
  void the_wire_names_are_those_of_openai(BatchStatus status, String name) {
    assertThat(status.wireName()).isEqualTo(name);
    assertThat(BatchStatus.ofWireName(name)).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "IN_PROGRESS", "in-progress", "canceled", " completed"})
  void another_name_is_refused(String name) {
    assertThatThrownBy(() -> BatchStatus.ofWireName(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no batch status is called " + name);
  }

  @Test
  void there_are_eight_statuses() {
    assertThat(BatchStatus.values()).hasSize(8);
  }
}

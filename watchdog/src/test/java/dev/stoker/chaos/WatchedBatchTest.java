package dev.stoker.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the API shows of a batch must only move forward. */
class WatchedBatchTest {
  private final WatchedBatch batch =
      new WatchedBatch("batch_1", new Submission("t", 1, 9, "/v1/embeddings", false));

  @Test
  void statuses_may_be_passed_over_but_not_go_back() {
    assertThat(batch.looked(at("in_progress", 3, 0))).isEmpty();
    assertThat(batch.looked(at("validating", 3, 0))).isPresent();
  }

  @Test
  void counts_may_not_fall() {
    assertThat(batch.looked(at("in_progress", 3, 0))).isEmpty();
    assertThat(batch.looked(at("in_progress", 2, 1))).isPresent();
  }

  @Test
  void nothing_may_change_after_the_end() {
    assertThat(batch.looked(at("completed", 9, 0))).isEmpty();
    assertThat(batch.looked(at("completed", 9, 0))).isEmpty();
    assertThat(batch.looked(at("completed", 8, 1))).isPresent();
  }

  @Test
  void nobody_is_cancelled_who_did_not_ask() {
    assertThat(batch.looked(at("cancelled", 2, 7))).isPresent();
  }

  @Test
  void a_cancel_that_was_promised_is_not_taken_back() {
    batch.cancelWished();
    batch.cancelPromised();

    assertThat(batch.looked(at("completed", 9, 0))).isPresent();
  }

  @Test
  void a_valid_file_does_not_fail_nor_expire() {
    assertThat(batch.looked(at("failed", 0, 0))).isPresent();
  }

  private static JsonTree at(String status, int completed, int failed) {
    return JsonTree.of(
        "{\"status\":\"%s\",\"request_counts\":{\"total\":9,\"completed\":%d,\"failed\":%d}}"
            .formatted(status, completed, failed));
  }
}

package dev.stoker.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ResultGroupTest {
  private static final BatchId BATCH = new BatchId(new UUID(1, 1));
  private static final Lease FIRST = new Lease(new ShardKey(BATCH, 0), 1);
  private static final Lease SECOND = new Lease(new ShardKey(BATCH, 1), 1);

  private static FinishedLine line(Lease lease, int line, boolean succeeded, String body) {
    return new FinishedLine(lease, line, succeeded, body.getBytes(UTF_8), line, 2, 3, 4);
  }

  private static List<String> shown(List<FinishedLine> lines) {
    return ResultGroup.of(lines).stream()
        .map(
            group ->
                "%d %s %s %s %s"
                    .formatted(
                        group.lease().key().ordinal(),
                        group.succeeded(),
                        Arrays.toString(group.lines()),
                        Arrays.toString(group.ends()),
                        new String(group.content(), UTF_8).replace('\n', '$')))
        .toList();
  }

  @Test
  void lines_of_a_lease_are_put_in_order_and_parted_by_their_file() {
    assertThat(
            shown(
                List.of(
                    line(FIRST, 3, true, "ccc"),
                    line(SECOND, 9, false, ""),
                    line(FIRST, 2, false, "bb"),
                    line(FIRST, 1, true, "a"))))
        .containsExactly("0 true [1, 3] [2, 6] a$ccc$", "0 false [2] [3] bb$", "1 false [9] [1] $");
  }

  @Test
  void of_a_line_given_twice_the_first_is_taken() {
    assertThat(shown(List.of(line(FIRST, 1, true, "a"), line(FIRST, 1, false, "b"))))
        .containsExactly("0 true [1] [2] a$");
  }

  @Test
  void tokens_are_added_up() {
    ResultGroup group =
        ResultGroup.of(List.of(line(FIRST, 1, true, "a"), line(FIRST, 5, true, "b"))).getFirst();
    assertThat(group.inputTokens()).isEqualTo(6);
    assertThat(group.cachedTokens()).isEqualTo(4);
    assertThat(group.outputTokens()).isEqualTo(6);
    assertThat(group.reasoningTokens()).isEqualTo(8);
  }

  @Test
  void nothing_makes_no_group() {
    assertThat(ResultGroup.of(List.of())).isEmpty();
  }
}

package dev.stoker.worker.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.line.LineCheck;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.Lease;
import dev.stoker.queue.OpenLines;
import dev.stoker.queue.ShardKey;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LineOrderTest {
  private static final String LINES =
      """
      {"custom_id":"1","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"B one","max_tokens":5}}
      {"custom_id":"2","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"A","max_tokens":900}}
      {"custom_id":"3","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"B two, longer","max_tokens":5}}
      {"custom_id":"4","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"A"}}
      {"custom_id":"5","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"A","max_tokens":"x"}}
      """;

  @Test
  void lines_that_begin_alike_stand_together() {
    assertThat(order(false)).containsExactly(5, 2, 4, 1, 3);
  }

  @Test
  void at_the_end_of_a_batch_the_longest_come_first() {
    assertThat(order(true)).containsExactly(2, 3, 1, 5, 4);
  }

  private static List<Integer> order(boolean last) {
    ClaimedShard shard =
        new ClaimedShard(
            new Lease(new ShardKey(new BatchId(new UUID(1, 1)), 0), 1),
            "/v1/completions",
            "m",
            5,
            last,
            1,
            LINES.getBytes(StandardCharsets.UTF_8),
            Set.of(),
            Map.of());
    List<OpenLines.Line> lines = OpenLines.of(shard, new LineCheck()).lines();
    return LineOrder.of(shard, lines).stream().map(OpenLines.Line::number).toList();
  }
}

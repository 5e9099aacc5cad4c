package dev.stoker.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.line.LineCheck;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OpenLinesTest {

  private static String line(String model) {
    return "{\"custom_id\":\"c\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\""
        + model
        + "\",\"input\":\"x\"}}";
  }

  /** Lines, strays and whether complete, of a shard of the model m whose part begins at line 5. */
  private static String open(int lines, Set<Integer> done, String... content) {
    byte[] bytes = String.join("\n", content).getBytes(StandardCharsets.UTF_8);
    Lease lease = new Lease(new ShardKey(new BatchId(new UUID(1, 2)), 0), 2);
    OpenLines open =
        OpenLines.of(
            new ClaimedShard(lease, "/v1/embeddings", "m", lines, false, 5, bytes, done, Map.of()),
            new LineCheck());
    return open.lines().stream()
            .map(line -> Integer.toString(line.number()))
            .collect(Collectors.joining(" "))
        + " | "
        + open.strays()
        + " "
        + open.complete();
  }

  @Test
  void blank_and_finished_lines_and_those_of_other_models_are_passed_over() {
    assertThat(open(3, Set.of(7), line("m"), " ", line("m"), line("n"), line("m"), ""))
        .isEqualTo("5 9 | [] true");
  }

  @Test
  void a_line_that_is_not_valid_any_more_is_a_stray_if_all_are_of_one_model() {
    assertThat(open(3, Set.of(), line("m"), "", "{}", line("m"))).isEqualTo("5 8 | [7] true");
    assertThat(open(2, Set.of(), line("m"), line("n"))).isEqualTo("5 | [6] true");
  }

  @Test
  void a_stray_that_was_settled_is_none_any_more() {
    assertThat(open(2, Set.of(6), line("m"), "{}")).isEqualTo("5 | [] true");
  }

  @Test
  void among_several_models_nobody_knows_whose_line_it_was() {
    assertThat(open(2, Set.of(5), line("m"), "{}", line("n"))).isEqualTo(" | [] false");
  }
}

package dev.stoker.api.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardTable;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResultPagesTest {
  private static final int BODY_CHARS_MAX = 300;
  private static final int PART = 40;

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final Rows rows = new Rows(database);

  /** What was settled. */
  private final SortedMap<Integer, FinishedLine> results = new TreeMap<>();

  /** From a budget that no line fits into to one that everything does. */
  @ParameterizedTest
  @ValueSource(ints = {1, 300, 1_000, 5_000, 20_000, 1_000_000})
  void results_come_in_line_order_in_whatever_order_they_were_stored(int bytesMax) {
    BatchId batch =
        rows.batch().part("m", PART).and("n", PART).part("m", 1).part("n", PART).insert();
    settleAtRandom(new Random(bytesMax), List.of("m", "n"));

    assertThat(text(batch, true, bytesMax)).isEqualTo(expected(true));
    assertThat(text(batch, false, bytesMax)).isEqualTo(expected(false));
  }

  /** Parts of 40, 40 and 160 lines of 100 bytes: whole parts if they fit, else lines. */
  @ParameterizedTest
  @CsvSource({"99,1", "1000,10", "3999,39", "4000,40", "7999,40", "8000,80", "24000,240"})
  void a_page_holds_what_fits_into_it(int bytesMax, int linesOfFirst) {
    BatchId batch = rows.batch().part("m", PART).part("m", PART).part("m", 4 * PART).insert();
    settle(List.of("m"), _ -> "x".repeat(99));
    ResultPages pages = pages(batch, true, bytesMax);
    List<Integer> linesOfPages = new ArrayList<>();
    for (List<byte[]> page = pages.next(); !page.isEmpty(); page = pages.next()) {
      linesOfPages.add(page.stream().mapToInt(bytes -> bytes.length).sum() / 100);
    }

    assertThat(linesOfPages.getFirst()).isEqualTo(linesOfFirst);
    assertThat(linesOfPages).allMatch(lines -> lines == 1 || lines * 100 <= bytesMax);
    assertThat(linesOfPages.stream().mapToInt(lines -> lines).sum()).isEqualTo(6 * PART);
  }

  @Test
  void a_batch_without_such_results_has_no_page() {
    BatchId batch = rows.batch().part("m", 2).insert();
    settle(List.of("m"), _ -> "{}");

    assertThat(pages(batch, false, 100).next()).isEmpty();
  }

  /** The view is what operators read. */
  @Test
  void each_line_is_a_row_of_the_view() {
    BatchId batch = rows.batch().part("m", PART).part("m", PART).insert();
    settleAtRandom(new Random(1), List.of("m"));

    assertThat(rows.results(batch))
        .containsExactlyElementsOf(
            results.values().stream()
                .map(
                    line ->
                        new Rows.Result(
                            line.line(), line.succeeded(), new String(line.body(), UTF_8)))
                .toList());
  }

  private interface Body {
    String of(int line);
  }

  private void settle(List<String> models, Body body) {
    ShardTable shards = new ShardTable(database.jdbc());
    List<FinishedLine> lines = new ArrayList<>();
    for (ClaimedShard shard : claimAll(shards, models)) {
      for (int i = 0; i < shard.lines(); i++) {
        lines.add(finished(shard.lease(), shard.firstLine() + i, true, body));
      }
    }
    shards.settle(lines);
  }

  private void settleAtRandom(Random random, List<String> models) {
    ShardTable shards = new ShardTable(database.jdbc());
    List<FinishedLine> lines = new ArrayList<>();
    Map<Integer, Integer> before = new TreeMap<>();
    for (ClaimedShard shard : claimAll(shards, models)) {
      int first = shard.firstLine() + before.merge(shard.firstLine(), shard.lines(), Integer::sum);
      for (int i = 0; i < shard.lines(); i++) {
        lines.add(
            finished(
                shard.lease(),
                first - shard.lines() + i,
                random.nextInt(3) > 0,
                line -> line + "x".repeat(random.nextInt(BODY_CHARS_MAX))));
      }
    }
    Collections.shuffle(lines, random);
    for (int from = 0; from < lines.size(); ) {
      int to = Math.min(lines.size(), from + 1 + random.nextInt(PART));
      shards.settle(lines.subList(from, to));
      from = to;
    }
  }

  private FinishedLine finished(Lease lease, int line, boolean succeeded, Body body) {
    FinishedLine finished =
        new FinishedLine(lease, line, succeeded, body.of(line).getBytes(UTF_8), 0, 0, 0, 0);
    assertThat(results.put(line, finished)).isNull();
    return finished;
  }

  private static List<ClaimedShard> claimAll(ShardTable shards, List<String> models) {
    return shards.read(shards.claim("host/0#1", models, 100, Duration.ofMinutes(1)));
  }

  private ResultPages pages(BatchId batch, boolean succeeded, int bytesMax) {
    return new ResultPages(new ResultTable(database.jdbc()), batch, succeeded, bytesMax);
  }

  private String text(BatchId batch, boolean succeeded, int bytesMax) {
    ResultPages pages = pages(batch, succeeded, bytesMax);
    StringBuilder text = new StringBuilder();
    for (List<byte[]> page = pages.next(); !page.isEmpty(); page = pages.next()) {
      page.forEach(bytes -> text.append(new String(bytes, UTF_8)));
    }
    return text.toString();
  }

  private String expected(boolean succeeded) {
    StringBuilder text = new StringBuilder();
    results.values().stream()
        .filter(line -> line.succeeded() == succeeded)
        .forEach(line -> text.append(new String(line.body(), UTF_8)).append('\n'));
    return text.toString();
  }
}

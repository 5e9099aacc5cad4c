package dev.stoker.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.chaos.Ledger.Kind;
import dev.stoker.line.ResultLine;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The checker sees each thing that must not be. */
class InspectionTest {
  private static final Submission SUBMISSION =
      new Submission("t", 1, 4, "/v1/chat/completions", false);

  private static final BatchId BATCH = new BatchId(new UUID(1, 2));
  private final List<String> output = new ArrayList<>(answers());
  private final List<String> errors = new ArrayList<>();

  @Test
  void what_is_right_is_found_right() {
    assertThat(kinds()).isEmpty();
  }

  @Test
  void a_line_that_is_in_no_file_is_lost() {
    output.remove(2);

    assertThat(kinds()).contains(Kind.LOST);
  }

  @Test
  void a_line_that_is_there_twice_is_duplicated() {
    output.add(1, output.getFirst());

    assertThat(kinds()).contains(Kind.DUPLICATED);
  }

  @Test
  void a_line_in_both_files_is_duplicated() {
    errors.add(failure(3, "engine_error"));

    assertThat(kinds()).contains(Kind.DUPLICATED);
  }

  @Test
  void one_byte_of_an_answer_that_differs_is_wrong() {
    output.set(1, output.get(1).replaceFirst("\"total_tokens\":(\\d)", "\"total_tokens\": $1"));

    assertThat(kinds()).containsExactly(Kind.WRONG);
  }

  @Test
  void the_answer_to_another_line_is_wrong() {
    output.set(0, answer(0, SUBMISSION.answer(1)));

    assertThat(kinds()).containsExactly(Kind.WRONG);
  }

  @Test
  void lines_in_another_order_than_the_input_are_wrong() {
    output.add(output.removeFirst());

    assertThat(kinds()).containsExactly(Kind.WRONG);
  }

  @Test
  void an_error_that_nothing_explains_is_wrong() {
    output.removeLast();
    errors.add(failure(3, "internal_error"));

    assertThat(kinds()).containsExactly(Kind.WRONG);
  }

  @Test
  void an_error_that_something_explains_is_right() {
    output.removeLast();
    errors.add(failure(3, "engine_error"));

    assertThat(kinds()).isEmpty();
  }

  @Test
  void half_a_line_is_wrong() {
    output.set(3, output.get(3).substring(0, 60));

    assertThat(kinds()).contains(Kind.WRONG, Kind.LOST);
  }

  private static List<String> answers() {
    return IntStream.range(0, SUBMISSION.lines())
        .mapToObj(line -> answer(line, SUBMISSION.answer(line)))
        .toList();
  }

  private static String answer(int line, byte[] body) {
    return new String(
        ResultLine.answered(BATCH, line + 1, '"' + SUBMISSION.customId(line) + '"', 200, body),
        UTF_8);
  }

  private static String failure(int line, String code) {
    return new String(
        ResultLine.unanswered(
            BATCH, line + 1, '"' + SUBMISSION.customId(line) + '"', code, "it \"failed\""),
        UTF_8);
  }

  private List<Kind> kinds() {
    JsonTree end =
        JsonTree.of(
            "{\"status\":\"completed\",\"request_counts\":{\"total\":%d,\"completed\":%d,\"failed\":%d}}"
                .formatted(output.size() + errors.size(), output.size(), errors.size()));
    return Inspection.of(
            SUBMISSION,
            end,
            file(output),
            file(errors),
            (_, _, _, code) -> code.equals("engine_error"))
        .stream()
        .map(Inspection.Finding::kind)
        .distinct()
        .toList();
  }

  private static byte[] file(List<String> lines) {
    return String.join("\n", lines).getBytes(UTF_8);
  }
}

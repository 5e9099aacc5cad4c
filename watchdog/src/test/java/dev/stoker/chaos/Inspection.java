package dev.stoker.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.batch.BatchStatus;
import dev.stoker.chaos.Ledger.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the files of an ended batch are what they must be: each line once, in the order of the
 * input, each answer byte for byte the engine's, and no error that nothing explains.
 */
final class Inspection {

  /** Something wrong. */
  record Finding(Kind kind, String what) {}

  /** Which errors can be explained by what was inflicted. */
  interface Excuses {
    boolean excuse(BatchStatus end, Submission submission, int line, String code);
  }

  private static final Pattern HEAD =
      Pattern.compile(
          "\\{\"id\":\"(batch_req_[0-9a-f]{40})\",\"custom_id\":\"([^\"]*)-(\\d+)\",\"response\":");

  private static final Pattern ANSWERED =
      Pattern.compile("\\{\"status_code\":(\\d+),\"request_id\":\"req_[0-9a-f]{40}\",\"body\":");

  private static final String TAIL = "},\"error\":null}";

  private static final Pattern UNANSWERED =
      Pattern.compile(
          "null,\"error\":\\{\"code\":\"([a-z_]+)\",\"message\":\"(?:[^\"\\\\]|\\\\.)*\"\\}\\}");

  private final Submission submission;
  private final BatchStatus end;
  private final Excuses excuses;
  private final Set<String> ids = new HashSet<>();
  private final boolean[] seen;
  private final List<Finding> findings = new ArrayList<>();

  private Inspection(Submission submission, BatchStatus end, Excuses excuses) {
    this.submission = submission;
    this.end = end;
    this.excuses = excuses;
    this.seen = new boolean[submission.lines()];
  }

  /**
   * @param end the batch as the API shows it
   * @param output the output file, empty if there is none
   * @param errors the error file, likewise
   */
  static List<Finding> of(
      Submission submission, JsonTree end, byte[] output, byte[] errors, Excuses excuses) {
    BatchStatus status = BatchStatus.ofWireName(end.at("status").text());
    Inspection inspection = new Inspection(submission, status, excuses);
    List<String> answers = lines(output);
    List<String> failures = lines(errors);
    inspection.count(end.at("request_counts"), answers.size(), failures.size());
    inspection.file(answers, true);
    inspection.file(failures, false);
    if (inspection.ran(end)) {
      inspection.missing();
    }
    return inspection.findings;
  }

  private static List<String> lines(byte[] file) {
    return new String(file, UTF_8).lines().toList();
  }

  /** A batch that was refused, or cancelled before its file was read, has no lines at all. */
  private boolean ran(JsonTree batch) {
    boolean neverBegan =
        end == BatchStatus.CANCELLED && batch.at("request_counts").at("total").number() == 0;
    return end != BatchStatus.FAILED && !neverBegan;
  }

  private void count(JsonTree counts, int answers, int failures) {
    int completed = counts.at("completed").number();
    int failed = counts.at("failed").number();
    int total = counts.at("total").number();
    if (completed != answers || failed != failures || (total != answers + failures)) {
      find(
          Kind.WRONG,
          "counts are %s, files have %d and %d lines".formatted(counts, answers, failures));
    }
  }

  private void file(List<String> lines, boolean output) {
    int before = -1;
    for (String text : lines) {
      Matcher head = HEAD.matcher(text);
      if (!head.lookingAt() || !head.group(2).equals(submission.tag())) {
        find(Kind.WRONG, "no line of this batch: " + cut(text));
        continue;
      }
      int line = Integer.parseInt(head.group(3));
      if (line >= seen.length) {
        find(Kind.WRONG, "a line that was never submitted: " + cut(text));
        continue;
      }
      if (seen[line] || !ids.add(head.group(1))) {
        find(Kind.DUPLICATED, "line " + line + " is there twice");
      }
      if (line < before) {
        find(Kind.WRONG, "line " + line + " stands after line " + before);
      }
      seen[line] = true;
      before = line;
      String rest = text.substring(head.end());
      if (output) {
        answer(line, rest);
      } else {
        failure(line, rest);
      }
    }
  }

  private void answer(int line, String rest) {
    Matcher answered = ANSWERED.matcher(rest);
    boolean right =
        answered.lookingAt()
            && answered.group(1).equals("200")
            && rest.substring(answered.end())
                .equals(new String(submission.answer(line), UTF_8) + TAIL);
    if (!right) {
      find(Kind.WRONG, "line " + line + " is not what the engine says to it: " + cut(rest));
    }
  }

  private void failure(int line, String rest) {
    Matcher unanswered = UNANSWERED.matcher(rest);
    Matcher answered = ANSWERED.matcher(rest);
    String code =
        unanswered.matches()
            ? unanswered.group(1)
            : answered.lookingAt() && !answered.group(1).equals("200") ? answered.group(1) : "";
    if (code.isEmpty() || !excuses.excuse(end, submission, line, code)) {
      find(Kind.WRONG, "line " + line + " failed without a reason: " + cut(rest));
    }
  }

  private void missing() {
    for (int line = 0; line < seen.length; line++) {
      if (!seen[line]) {
        find(Kind.LOST, "line " + line + " is in no file");
      }
    }
  }

  private void find(Kind kind, String what) {
    findings.add(new Finding(kind, what));
  }

  private static String cut(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "…";
  }
}

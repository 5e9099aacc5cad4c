package dev.stoker.worker.engine.llama;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.PriorityQueue;

/** An answer that is being written. */
final class Writing implements AutoCloseable {
  private final LoadedModel model;
  private final Job job;
  private final Task.Generate task;
  private final Sampler sampler;
  private final int promptTokens;
  private final int cachedTokens;
  private final List<String> stops;
  private final int longestStop;

  /** One character for each byte, since a token may be a part of a character. */
  private final StringBuilder bytes = new StringBuilder();

  private final List<Answer.Choice> choices = new ArrayList<>();
  private final List<Integer> choiceStarts = new ArrayList<>();
  private int tokens;

  Writing(
      LoadedModel model,
      Job job,
      Task.Generate task,
      Sampler sampler,
      int promptTokens,
      int cachedTokens) {
    this.model = model;
    this.job = job;
    this.task = task;
    this.sampler = sampler;
    this.promptTokens = promptTokens;
    this.cachedTokens = cachedTokens;
    stops =
        task.stops().stream().map(stop -> new String(stop.getBytes(UTF_8), ISO_8859_1)).toList();
    longestStop = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  Job job() {
    return job;
  }

  /**
   * Chooses the next token.
   *
   * @param logits of each token of the vocabulary
   * @return the token that the answer goes on with; none when it is at its end, and its job is done
   */
  OptionalInt next(float[] logits) throws Sampler.DeadEnd {
    int token = sampler.next(logits);
    tokens++;
    if (model.ends(token)) {
      end(true, bytes.length());
      return OptionalInt.empty();
    }
    int before = bytes.length();
    byte[] piece = model.piece(token);
    task.likeliest().ifPresent(count -> note(logits, token, piece, count, before));
    bytes.append(new String(piece, ISO_8859_1));
    OptionalInt stop = stop(before);
    if (stop.isPresent()) {
      end(true, stop.getAsInt());
      return OptionalInt.empty();
    }
    if (task.tokensMax().isPresent() && tokens >= task.tokensMax().getAsInt()) {
      outOfRoom();
      return OptionalInt.empty();
    }
    return OptionalInt.of(token);
  }

  /** Ends the answer where it is. */
  void outOfRoom() {
    end(false, bytes.length());
  }

  private OptionalInt stop(int before) {
    int from = Math.max(0, before - longestStop + 1);
    return stops.stream().mapToInt(stop -> bytes.indexOf(stop, from)).filter(at -> at >= 0).min();
  }

  private void note(float[] logits, int token, byte[] piece, int count, int start) {
    double normalizer = normalizer(logits);
    List<Answer.Likelihood> likeliest =
        likeliest(logits, count).stream()
            .map(id -> new Answer.Likelihood(model.piece(id), logits[id] - normalizer))
            .toList();
    choices.add(
        new Answer.Choice(new Answer.Likelihood(piece, logits[token] - normalizer), likeliest));
    choiceStarts.add(start);
  }

  /** The logarithm of the sum of all likelihoods. */
  private static double normalizer(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }

  private static List<Integer> likeliest(float[] logits, int count) {
    Comparator<Integer> byLogit = Comparator.comparingDouble(id -> logits[id]);
    PriorityQueue<Integer> best = new PriorityQueue<>(byLogit);
    for (int id = 0; id < logits.length && count > 0; id++) {
      if (best.size() < count) {
        best.add(id);
      } else if (logits[id] > logits[best.element()]) {
        best.remove();
        best.add(id);
      }
    }
    return best.stream().sorted(byLogit.reversed()).toList();
  }

  private void end(boolean complete, int length) {
    String text = new String(bytes.substring(0, length).getBytes(ISO_8859_1), UTF_8);
    int kept = (int) choiceStarts.stream().filter(start -> start < length).count();
    job.end(
        new Ending.Written(
            new Answer(
                text,
                complete,
                promptTokens,
                cachedTokens,
                tokens,
                List.copyOf(choices.subList(0, kept)))));
  }

  @Override
  public void close() {
    sampler.close();
  }
}

package dev.stoker.worker.engine.llama;

import dev.stoker.worker.engine.body.ErrorReply;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes answers, many side by side: each step computes one more token of every answer, and as much
 * of the new prompts as there is room for. No answer waits for another to end.
 */
final class TextWork implements ModelWork {
  private static final Logger log = LoggerFactory.getLogger(TextWork.class);

  private final LoadedModel model;
  private final List<Sequence> sequences;
  private final TokenBatch batch;
  private final CandidateTokens candidates;

  /** Whose token each of the batch is. */
  private final Sequence[] owners;

  private long uses;

  TextWork(LoadedModel model, int slots) {
    this.model = model;
    sequences =
        IntStream.range(0, slots).mapToObj(id -> new Sequence(id, model.contextTokens())).toList();
    batch = new TokenBatch(model.batchTokens());
    owners = new Sequence[model.batchTokens()];
    candidates = new CandidateTokens(model.vocabularySize());
  }

  @Override
  public boolean hasRoom() {
    return sequences.stream().anyMatch(Sequence::idle);
  }

  @Override
  public boolean busy() {
    return !sequences.stream().allMatch(Sequence::idle);
  }

  @Override
  public void begin(Job job) {
    switch (job.task()) {
      case Task.Embed _ -> throw new IllegalStateException("this model writes text");
      case Task.Generate task -> {
        switch (PromptTokens.of(model, task.prompt(), model.contextTokens() - 1, "prompt")) {
          case PromptTokens.Refused(ErrorReply error) -> job.end(new Ending.Refused(error));
          case PromptTokens.Accepted(int[] prompt) -> begin(job, task, prompt);
        }
      }
    }
  }

  private void begin(Job job, Task.Generate task, int[] prompt) {
    int biased = task.sampling().biases().keySet().stream().max(Integer::compare).orElse(0);
    if (biased >= model.vocabularySize()) {
      String message = "'logit_bias' names token " + biased + ", which the model does not have.";
      job.end(new Ending.Refused(ErrorReply.invalid(message, "logit_bias")));
      return;
    }
    int seed = task.sampling().seed().orElseGet(() -> ThreadLocalRandom.current().nextInt());
    try {
      Sampler sampler = new Sampler(model, candidates, task.sampling(), seed);
      Sequence sequence = placeFor(prompt);
      int kept = sequence.sharedWith(prompt);
      if (!model.forget(sequence.id(), kept)) {
        model.forget(sequence.id(), 0);
        kept = 0;
      }
      Writing writing = new Writing(model, job, task, sampler, prompt.length, kept);
      sequence.begin(prompt, kept, writing, uses++);
    } catch (Sampler.GrammarRefused e) {
      job.end(
          new Ending.Refused(
              ErrorReply.invalid(
                  "'response_format' cannot be enforced: " + e.getMessage() + ".",
                  "response_format")));
    }
  }

  /** Where most of a prompt has been computed before, else where nothing was for the longest. */
  private Sequence placeFor(int[] prompt) {
    return sequences.stream()
        .filter(Sequence::idle)
        .max(
            Comparator.<Sequence>comparingInt(sequence -> sequence.sharedWith(prompt))
                .thenComparing(Comparator.comparingLong(Sequence::lastUse).reversed()))
        .orElseThrow();
  }

  @Override
  public void step() throws ModelBroken {
    releaseUnwanted();
    fill();
    int part = batch.size();
    int from = 0;
    while (from < batch.size()) {
      int count = Math.min(part, batch.size() - from);
      int status = model.compute(batch, from, count);
      if (status < 0) {
        throw new ModelBroken(status);
      }
      if (status == 0) {
        goOn(from, count);
        from += count;
      } else if (!forgetIdle()) {
        // The free places in the cache may be scattered: fewer tokens find room.
        part = count / 2;
        if (part == 0) {
          makeRoom();
          return;
        }
      }
    }
  }

  private void releaseUnwanted() {
    for (Sequence sequence : sequences) {
      if (sequence.writing().isPresent() && sequence.writing().get().job().unwanted()) {
        release(sequence);
      }
    }
  }

  /** Answers first: they have one token each, and a long prompt must not hold them up. */
  private void fill() {
    batch.clear();
    sequences.stream()
        .filter(sequence -> !sequence.idle() && sequence.generating())
        .forEach(sequence -> sequence.fill(batch, owners));
    sequences.stream()
        .filter(sequence -> !sequence.idle() && !sequence.generating())
        .forEach(sequence -> sequence.fill(batch, owners));
  }

  private void goOn(int from, int count) {
    for (int index = from; index < from + count; index++) {
      Sequence sequence = owners[index];
      if (sequence.computed(index)) {
        goOn(sequence, model.logits(index - from));
      }
    }
  }

  private void goOn(Sequence sequence, float[] logits) {
    Writing writing = sequence.writing().orElseThrow();
    try {
      OptionalInt token = writing.next(logits);
      if (token.isPresent() && !sequence.full()) {
        sequence.add(token.getAsInt());
        return;
      }
      if (token.isPresent()) {
        writing.outOfRoom();
      }
    } catch (Sampler.DeadEnd e) {
      writing
          .job()
          .end(new Ending.Refused(ErrorReply.broken("The answer broke off: " + e.getMessage())));
    }
    release(sequence);
  }

  private static void release(Sequence sequence) {
    sequence.writing().ifPresent(Writing::close);
    sequence.release();
  }

  /** Says whether any was forgotten. */
  private boolean forgetIdle() {
    List<Sequence> idle =
        sequences.stream().filter(sequence -> sequence.idle() && sequence.holdsAny()).toList();
    idle.forEach(this::forget);
    return !idle.isEmpty();
  }

  private void forget(Sequence sequence) {
    model.forget(sequence.id(), 0);
    sequence.forgotten();
  }

  private void makeRoom() {
    log.warn("the cache has no room for one more token of any answer; they are begun again");
    endAll(new Ending.Refused(ErrorReply.broken("The model's cache had no room.")));
    sequences.forEach(this::forget);
  }

  @Override
  public void endAll(Ending how) {
    for (Sequence sequence : sequences) {
      sequence.writing().ifPresent(writing -> writing.job().end(how));
      release(sequence);
    }
  }

  @Override
  public void close() {
    candidates.close();
  }
}

package dev.stoker.worker.engine.llama;

import java.util.List;
import java.util.OptionalInt;

/** What the model is to do with one prompt. */
sealed interface Task {

  Prompt prompt();

  /**
   * Write an answer.
   *
   * @param tokensMax how many tokens it may have; without, as many as there is room for
   * @param stops texts before which it ends
   * @param likeliest how many of the likeliest tokens are told with each; none unless asked for
   */
  record Generate(
      Prompt prompt,
      Sampling sampling,
      OptionalInt tokensMax,
      List<String> stops,
      OptionalInt likeliest)
      implements Task {}

  /** Compute a vector. */
  record Embed(Prompt prompt) implements Task {}

  /** What the model is given. */
  sealed interface Prompt {

    /** A text as it is. */
    record Text(String text) implements Prompt {}

    /** Token ids, as they are. */
    record Tokens(int[] ids) implements Prompt {}

    /** Turns, which the model's own template makes a text. */
    record Conversation(List<LoadedModel.Message> turns) implements Prompt {}
  }
}

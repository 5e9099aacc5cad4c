package dev.stoker.worker.engine.llama;

import dev.stoker.worker.engine.body.ErrorReply;
import java.util.Optional;

/** A prompt as the model reads it, or why it cannot. */
sealed interface PromptTokens {

  /** At least one token, all of the model's vocabulary. */
  record Accepted(int[] ids) implements PromptTokens {}

  /** A prompt that no retry would help. */
  record Refused(ErrorReply error) implements PromptTokens {}

  /**
   * @param param names what of the request is to blame for a text or token ids
   */
  static PromptTokens of(LoadedModel model, Task.Prompt prompt, int tokensMax, String param) {
    return switch (prompt) {
      case Task.Prompt.Text(String text) -> checked(model, model.tokenize(text), tokensMax, param);
      case Task.Prompt.Tokens(int[] ids) -> checked(model, ids, tokensMax, param);
      case Task.Prompt.Conversation(var turns) -> {
        Optional<String> text = model.prompt(turns);
        yield text.isPresent()
            ? checked(model, model.tokenize(text.get()), tokensMax, "messages")
            : new Refused(
                ErrorReply.invalid(
                    "The model's file has no chat template, or one that llama.cpp does not know;"
                        + " use /v1/completions.",
                    "messages"));
      }
    };
  }

  private static PromptTokens checked(LoadedModel model, int[] ids, int tokensMax, String param) {
    if (ids.length == 0) {
      return new Refused(ErrorReply.invalid("'" + param + "' is empty.", param));
    }
    if (ids.length > tokensMax) {
      return new Refused(ErrorReply.contextLengthExceeded(ids.length, tokensMax, param));
    }
    for (int id : ids) {
      if (id < 0 || id >= model.vocabularySize()) {
        return new Refused(
            ErrorReply.invalid(
                "'%s' holds %d, which is no token of this model.".formatted(param, id), param));
      }
    }
    return new Accepted(ids);
  }
}

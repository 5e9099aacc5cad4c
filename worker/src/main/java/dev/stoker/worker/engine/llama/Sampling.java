package dev.stoker.worker.engine.llama;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How the next token is chosen. The defaults are OpenAI's: the model's own distribution, with
 * nothing cut off.
 *
 * @param temperature 0 takes the likeliest
 * @param topK how many of the likeliest are left; 0 leaves all
 * @param topP the share of the likeliest that is left; 1 leaves all
 * @param minP a token less likely than this share of the likeliest falls out; 0 leaves all
 * @param repeatPenalty divides the likelihood of tokens that were generated; 1 does not
 * @param seed begins the random numbers; without one, answers differ
 * @param biases added to the tokens' logits
 * @param grammar what the answer must obey, in llama.cpp's notation, with the rule {@code root}
 */
record Sampling(
    float temperature,
    int topK,
    float topP,
    float minP,
    float presencePenalty,
    float frequencyPenalty,
    float repeatPenalty,
    OptionalInt seed,
    Map<Integer, Float> biases,
    Optional<String> grammar) {

  boolean penalizes() {
    return presencePenalty != 0 || frequencyPenalty != 0 || repeatPenalty != 1;
  }
}

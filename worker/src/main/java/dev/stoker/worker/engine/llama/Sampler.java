package dev.stoker.worker.engine.llama;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Chooses the tokens of one answer. A token that the grammar refuses is chosen again from those
 * that it allows: to look at one is a thousand times as fast as to look at all.
 */
final class Sampler implements AutoCloseable {

  /** No token is left that the grammar allows. */
  static final class DeadEnd extends Exception {
    private static final long serialVersionUID = 1L;

    DeadEnd() {
      super("the model has no token that the grammar allows here");
    }
  }

  /** The grammar is none, or allows an empty answer. */
  static final class GrammarRefused extends Exception {
    private static final long serialVersionUID = 1L;

    GrammarRefused() {
      super("llama.cpp refuses the grammar");
    }
  }

  /** Below it, numbers overflow, and the likeliest token is sure. */
  private static final float TEMPERATURE_MIN = 0.001f;

  private final CandidateTokens candidates;
  private final Pointer chain;
  private final Optional<Pointer> grammar;

  /**
   * @param candidates may be changed at each choice
   * @param seed begins the random numbers
   * @throws GrammarRefused if the grammar is not one
   */
  Sampler(LoadedModel model, CandidateTokens candidates, Sampling sampling, int seed)
      throws GrammarRefused {
    this.candidates = candidates;
    grammar =
        sampling
            .grammar()
            .map(text -> LlamaCpp.llama_sampler_init_grammar(model.vocabulary(), text, "root"));
    // What llama.cpp cannot read it enforces silently as nothing.
    OptionalInt end = model.end();
    if (grammar.isPresent() && end.isPresent() && allows(grammar.get(), end.getAsInt())) {
      LlamaCpp.llama_sampler_free(grammar.get());
      throw new GrammarRefused();
    }
    chain = chain(model, sampling, seed);
  }

  private static Pointer chain(LoadedModel model, Sampling sampling, int seed) {
    LlamaCpp.ChainParameters parameters = new LlamaCpp.ChainParameters();
    parameters.noTimings = LlamaCpp.bool(true);
    Pointer chain = LlamaCpp.llama_sampler_chain_init(parameters);
    if (!sampling.biases().isEmpty()) {
      add(chain, biases(model, sampling));
    }
    if (sampling.penalizes()) {
      add(
          chain,
          LlamaCpp.llama_sampler_init_penalties(
              model.contextTokens(),
              sampling.repeatPenalty(),
              sampling.frequencyPenalty(),
              sampling.presencePenalty()));
    }
    if (sampling.temperature() < TEMPERATURE_MIN) {
      add(chain, LlamaCpp.llama_sampler_init_greedy());
      return chain;
    }
    if (sampling.topK() > 0) {
      add(chain, LlamaCpp.llama_sampler_init_top_k(sampling.topK()));
    }
    if (sampling.topP() < 1) {
      add(chain, LlamaCpp.llama_sampler_init_top_p(sampling.topP(), 1));
    }
    if (sampling.minP() > 0) {
      add(chain, LlamaCpp.llama_sampler_init_min_p(sampling.minP(), 1));
    }
    add(chain, LlamaCpp.llama_sampler_init_temp(sampling.temperature()));
    add(chain, LlamaCpp.llama_sampler_init_dist(seed));
    return chain;
  }

  private static Pointer biases(LoadedModel model, Sampling sampling) {
    try (Memory biases = new Memory(2L * Integer.BYTES * sampling.biases().size())) {
      long offset = 0;
      for (var bias : sampling.biases().entrySet()) {
        biases.setInt(offset, bias.getKey());
        biases.setFloat(offset + Integer.BYTES, bias.getValue());
        offset += 2L * Integer.BYTES;
      }
      return LlamaCpp.llama_sampler_init_logit_bias(
          model.vocabularySize(), sampling.biases().size(), biases);
    }
  }

  /** The chain owns what it is given. */
  private static void add(Pointer chain, Pointer sampler) {
    LlamaCpp.llama_sampler_chain_add(chain, sampler);
  }

  /**
   * Chooses a token and goes on from it.
   *
   * @param logits of each token of the vocabulary
   */
  int next(float[] logits) throws DeadEnd {
    int token = choose(logits, false);
    if (grammar.isPresent()) {
      if (!allows(grammar.get(), token)) {
        token = choose(logits, true);
        // To accept one that is not allowed would end the process.
        if (!allows(grammar.get(), token)) {
          throw new DeadEnd();
        }
      }
      LlamaCpp.llama_sampler_accept(grammar.get(), token);
    }
    LlamaCpp.llama_sampler_accept(chain, token);
    return token;
  }

  private int choose(float[] logits, boolean constrained) throws DeadEnd {
    candidates.all(logits);
    if (constrained) {
      candidates.apply(grammar.orElseThrow());
      if (!candidates.anyLeft()) {
        throw new DeadEnd();
      }
    }
    candidates.apply(chain);
    return candidates.selected();
  }

  private boolean allows(Pointer rules, int token) {
    candidates.only(token);
    candidates.apply(rules);
    return candidates.anyLeft();
  }

  @Override
  public void close() {
    LlamaCpp.llama_sampler_free(chain);
    grammar.ifPresent(LlamaCpp::llama_sampler_free);
  }
}

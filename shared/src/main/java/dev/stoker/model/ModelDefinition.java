package dev.stoker.model;

import java.util.List;
import java.util.Optional;

/**
 * A model as its configuration describes it.
 *
 * @param aliases other names under which requests may ask for it, none of them its name
 * @param source where its weights are: a file, a URL or a command; never a secret
 * @param memoryBytes about how much memory it takes when loaded; empty if nobody knows
 * @param slotsMax how many of its requests one worker ever has in flight; empty if unbounded
 * @param contextTokens how many tokens a request and its answer may have; empty if unknown
 * @param digest of all its settings: when it changes, what is known of failures is void
 */
public record ModelDefinition(
    String name,
    List<String> aliases,
    ModelEngine engine,
    String source,
    Optional<Long> memoryBytes,
    Optional<Integer> slotsMax,
    Optional<Integer> contextTokens,
    String digest) {

  public ModelDefinition {
    aliases = List.copyOf(aliases);
  }

  /** The same under another name. */
  public ModelDefinition named(String other) {
    return new ModelDefinition(
        other, aliases, engine, source, memoryBytes, slotsMax, contextTokens, digest);
  }

  /** Whether a request that asks for this name asks for this model. */
  public boolean answersTo(String asked) {
    return name.equals(asked) || aliases.contains(asked);
  }
}

package dev.stoker.api.intake;

import dev.stoker.line.LineFault;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The models that a request may name, and those that it may not.
 *
 * @param usable names under which workers answer
 * @param quarantined names whose models could not be loaded, with the reasons
 */
record KnownModels(Set<String> usable, Map<String, String> quarantined) {

  static KnownModels of(Set<String> served, Map<String, String> quarantined) {
    Set<String> usable = new HashSet<>(served);
    usable.removeAll(quarantined.keySet());
    return new KnownModels(usable, quarantined);
  }

  /** Why requests for a model are not taken. */
  Optional<LineFault> fault(String model) {
    if (usable.contains(model)) {
      return Optional.empty();
    }
    String reason = quarantined.get(model);
    return Optional.of(
        reason == null ? LineFault.unknownModel(model) : LineFault.quarantinedModel(model, reason));
  }
}

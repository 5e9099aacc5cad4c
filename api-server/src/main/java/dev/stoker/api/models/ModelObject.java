package dev.stoker.api.models;

import dev.stoker.model.ModelDefinition;
import dev.stoker.model.ModelPresence;
import dev.stoker.model.RegisteredModel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A model as the API shows it: OpenAI's four members, then Stoker's own. A member is null where
 * nothing is known.
 *
 * @param id a name that requests may use
 * @param created seconds since 1970
 * @param aliasOf the model's own name, if {@code id} is another
 * @param aliases all its other names
 * @param state available, loaded, loading, quarantined or unserved
 * @param failure why it could not be loaded the last time; null after a load that went well
 */
record ModelObject(
    String id,
    String object,
    long created,
    String ownedBy,
    String aliasOf,
    List<String> aliases,
    String engine,
    String state,
    List<String> servedBy,
    List<String> loadedOn,
    Integer slotsMax,
    Integer contextTokens,
    Long memoryBytes,
    Long lastLoadMs,
    int loadFailures,
    String failure) {

  /** A model that a worker serves without having registered it. */
  static ModelObject unregistered(String id, long created, ModelPresence presence) {
    return new ModelObject(
        id,
        "model",
        created,
        "stoker",
        null,
        List.of(),
        null,
        presence.state(false).wireName(),
        presence.servedBy(),
        presence.loadedOn(),
        null,
        null,
        null,
        null,
        0,
        null);
  }

  static ModelObject of(String id, RegisteredModel model, ModelPresence presence) {
    ModelDefinition definition = model.definition();
    return new ModelObject(
        id,
        "model",
        model.createdAt().getEpochSecond(),
        "stoker",
        id.equals(definition.name()) ? null : definition.name(),
        definition.aliases(),
        definition.engine().wireName(),
        presence.state(model.quarantined()).wireName(),
        presence.servedBy(),
        presence.loadedOn(),
        definition.slotsMax().orElse(null),
        definition.contextTokens().orElse(null),
        definition.memoryBytes().orElse(null),
        model.lastLoad().map(Duration::toMillis).orElse(null),
        model.loadFailures(),
        Optional.of(model.failure()).filter(reason -> !reason.isEmpty()).orElse(null));
  }
}

package dev.stoker.worker.model;

import dev.stoker.model.ModelDefinition;
import dev.stoker.worker.engine.Engine;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A model that this worker can load.
 *
 * @param definition what the registry says of it
 * @param discovered whether nobody has named it: its engine, once it is there, tells which names it
 *     has
 * @param slotsMax requests that may ever be in flight with it
 */
record Model(ModelDefinition definition, boolean discovered, int slotsMax, Opening opening) {

  /** Starts an engine that loads the model in the background. */
  @FunctionalInterface
  interface Opening {
    /**
     * @param whenBroken told why the model cannot be loaded, or why a new process is needed
     */
    Engine open(Consumer<String> whenBroken);
  }

  String name() {
    return definition.name();
  }

  /** All that requests may call it. */
  Set<String> names() {
    Set<String> names = new HashSet<>(definition.aliases());
    names.add(definition.name());
    return names;
  }
}

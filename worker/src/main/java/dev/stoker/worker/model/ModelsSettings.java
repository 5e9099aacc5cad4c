package dev.stoker.worker.model;

import dev.stoker.model.ModelDefinition;
import dev.stoker.settings.Settings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * @param waitMax how long work may wait for its model while another one is busy
 */
public record ModelsSettings(List<Configured> models, Duration waitMax) {

  /** A model and how to run it. */
  record Configured(
      Optional<String> givenName,
      List<String> aliases,
      OptionalLong memoryBytes,
      EngineSettings engine) {

    Model model(EngineSurroundings surroundings) {
      Optional<String> name = givenName.or(engine::modelName);
      return new Model(
          new ModelDefinition(
              name.orElse(engine.source()),
              aliases,
              engine.kind(),
              engine.source(),
              memoryBytes.isPresent() ? Optional.of(memoryBytes.getAsLong()) : Optional.empty(),
              Optional.of(engine.slotsMax()),
              engine.contextTokens(),
              digest()),
          name.isEmpty(),
          engine.slotsMax(),
          whenBroken -> engine.open(surroundings, whenBroken));
    }

    /** Changes with everything that may decide whether the model can be loaded. */
    private String digest() {
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-256")
                .digest(toString().getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest, 0, 16);
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every JDK has SHA-256", e);
      }
    }
  }

  /**
   * Reads the models of this worker: those of a file, or the one that the engine's settings name.
   */
  public static ModelsSettings from(Settings settings) {
    EngineSettings.readAll(settings);
    EngineSettings engine = EngineSettings.from(settings);
    OptionalLong memory = memory(settings);
    Duration waitMax =
        settings.duration(
            "STOKER_MODEL_WAIT_MAX",
            Duration.ofMinutes(10),
            Duration.ofMillis(100),
            Duration.ofDays(1),
            "how long work may wait for its model while the worker is busy with another one");
    List<Configured> models =
        settings
            .optional(
                "STOKER_MODELS",
                "a YAML file of the models that a worker serves, one in memory at a time; if absent, the one of STOKER_ENGINE")
            .map(file -> ofFile(settings, Path.of(file).toAbsolutePath()))
            .orElseGet(() -> List.of(new Configured(Optional.empty(), List.of(), memory, engine)));
    return new ModelsSettings(models, waitMax);
  }

  /** The first of them alone, and as an engine that neither starts nor asks anything outside. */
  public ModelsSettings forRehearsal() {
    Configured first = models.getFirst();
    return new ModelsSettings(
        List.of(
            new Configured(
                first.givenName(),
                first.aliases(),
                first.memoryBytes(),
                first.engine().forRehearsal())),
        waitMax);
  }

  /**
   * One engine for all of them; loads the model if there is only one.
   *
   * @param whenLost told why only a new process can go on
   */
  public SwappingEngine open(EngineSurroundings surroundings, Consumer<String> whenLost) {
    return new SwappingEngine(
        models.stream().map(model -> model.model(surroundings)).toList(),
        surroundings.nanoTime(),
        whenLost);
  }

  private static OptionalLong memory(Settings settings) {
    return settings.bytes(
        "STOKER_MODEL_MEMORY",
        "memory that the model takes, such as 2GiB; it must be free before it is loaded");
  }

  private static List<Configured> ofFile(Settings settings, Path file) {
    try {
      List<ModelsFile.Entry> entries = ModelsFile.read(file);
      Set<String> names = new HashSet<>();
      return entries.stream().map(entry -> ofEntry(settings, file, entry, names)).toList();
    } catch (ModelsFile.Unusable e) {
      settings.require(false, "STOKER_MODELS: " + e.getMessage());
      return List.of();
    }
  }

  /** A server is not asked for models that somebody has named. */
  private static Map<String, String> withNames(ModelsFile.Entry entry) {
    Map<String, String> settings = new HashMap<>(entry.settings());
    List<String> names = new ArrayList<>(entry.aliases());
    names.addFirst(entry.name());
    settings.putIfAbsent("STOKER_ENGINE_MODELS", String.join(",", names));
    return settings;
  }

  private static Configured ofEntry(
      Settings settings, Path file, ModelsFile.Entry entry, Set<String> names) {
    Settings own = settings.with(file + ": model " + entry.name(), withNames(entry));
    Configured configured =
        new Configured(
            Optional.of(entry.name()), entry.aliases(), memory(own), EngineSettings.from(own));
    own.require(names.add(entry.name()), "the name is taken");
    entry.aliases().forEach(alias -> own.require(names.add(alias), alias + " is taken"));
    entry.settings().keySet().stream()
        .filter(key -> !own.hasRead(key))
        .sorted()
        .forEach(
            key ->
                own.require(
                    false,
                    key + " is no setting of the engine " + configured.engine().kind().wireName()));
    return configured;
  }
}

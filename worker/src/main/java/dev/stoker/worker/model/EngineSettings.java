package dev.stoker.worker.model;

import dev.stoker.model.ModelEngine;
import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.NullEngine;
import dev.stoker.worker.engine.onnx.OnnxEngine;
import dev.stoker.worker.engine.onnx.OnnxSettings;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Which engine computes answers, and how it runs. */
sealed interface EngineSettings {

  /** What configuration calls it. */
  ModelEngine kind();

  /**
   * The name of its model, unless somebody gives it another; empty if the engine has to be asked.
   */
  Optional<String> modelName();

  /** Where the weights are, for people. */
  String source();

  /** How many tokens a request and its answer may have, if that is known. */
  default Optional<Integer> contextTokens() {
    return Optional.empty();
  }

  /** Requests that may ever be in flight. */
  int slotsMax();

  Engine open(EngineSurroundings surroundings, Consumer<String> whenBroken);

  /** Reads the settings of one engine, and which it is. */
  static EngineSettings from(Settings settings) {
    String kind =
        settings.oneOf(
            "STOKER_ENGINE",
            "onnx",
            List.of("onnx", "null"),
            "what computes answers; null answers every request with an empty object, for measurements");
    return switch (kind) {
      case "onnx" -> new Onnx(OnnxSettings.from(settings));
      default -> new Nothing();
    };
  }

  /** Reads the settings of all engines, for the sake of those who list them. */
  static void readAll(Settings settings) {
    OnnxSettings.from(settings);
  }

  /** Sentence embeddings in this process. */
  record Onnx(OnnxSettings settings) implements EngineSettings {
    @Override
    public ModelEngine kind() {
      return ModelEngine.ONNX;
    }

    @Override
    public Optional<String> modelName() {
      return Optional.of(settings.model());
    }

    @Override
    public String source() {
      return "built in: " + settings.model();
    }

    @Override
    public int slotsMax() {
      return settings.slots();
    }

    @Override
    public Engine open(EngineSurroundings surroundings, Consumer<String> whenBroken) {
      return new OnnxEngine(
          settings,
          surroundings.dataDirectory().resolve("engine-cache"),
          surroundings.nanoTime(),
          () -> whenBroken.accept("its files cannot be read; the worker's log says more"));
    }
  }

  /** The cost of everything but an engine. */
  record Nothing() implements EngineSettings {
    private static final Engine ENGINE = new NullEngine();

    @Override
    public ModelEngine kind() {
      return ModelEngine.NULL;
    }

    @Override
    public Optional<String> modelName() {
      return Optional.of(ENGINE.loadedModel());
    }

    @Override
    public String source() {
      return "built in";
    }

    @Override
    public int slotsMax() {
      return ENGINE.slotsMax();
    }

    @Override
    public Engine open(EngineSurroundings surroundings, Consumer<String> whenBroken) {
      return ENGINE;
    }
  }
}

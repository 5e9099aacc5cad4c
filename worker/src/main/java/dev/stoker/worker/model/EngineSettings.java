package dev.stoker.worker.model;

import dev.stoker.model.ModelEngine;
import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.NullEngine;
import dev.stoker.worker.engine.llama.LlamaEngine;
import dev.stoker.worker.engine.llama.LlamaSettings;
import dev.stoker.worker.engine.onnx.OnnxEngine;
import dev.stoker.worker.engine.onnx.OnnxSettings;
import dev.stoker.worker.engine.openai.OpenAiEngine;
import dev.stoker.worker.engine.openai.OpenAiSettings;
import java.time.InstantSource;
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
            List.of("onnx", "llama", "openai", "null"),
            "what computes answers: onnx, llama, openai, or null, which answers every request with an empty object, for measurements");
    return switch (kind) {
      case "llama" -> Llama.required(settings);
      case "openai" -> OpenAi.required(settings);
      case "null" -> new Nothing();
      default -> new Onnx(OnnxSettings.from(settings));
    };
  }

  /** Reads the settings of all engines, for the sake of those who list them. */
  static void readAll(Settings settings) {
    OnnxSettings.from(settings);
    LlamaSettings.from(settings);
    OpenAiSettings.from(settings);
  }

  /** The same, but that it neither starts nor asks anything outside. */
  default EngineSettings forRehearsal() {
    return this;
  }

  /** Sentence embeddings in this process. */
  record Onnx(OnnxSettings settings) implements EngineSettings {
    @Override
    public ModelEngine kind() {
      return ModelEngine.ONNX;
    }

    @Override
    public Optional<String> modelName() {
      return Optional.of(settings.modelName());
    }

    @Override
    public String source() {
      return settings.source();
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

  /** A GGUF file, by llama.cpp in this process. */
  record Llama(Optional<LlamaSettings> settings) implements EngineSettings {

    private static Llama required(Settings settings) {
      Optional<LlamaSettings> read = LlamaSettings.from(settings);
      settings.require(read.isPresent(), "STOKER_ENGINE=llama needs STOKER_LLAMA_FILE");
      return new Llama(read);
    }

    @Override
    public ModelEngine kind() {
      return ModelEngine.LLAMA;
    }

    @Override
    public Optional<String> modelName() {
      return settings.map(LlamaSettings::model);
    }

    @Override
    public String source() {
      return settings.map(read -> read.file().toString()).orElse("");
    }

    @Override
    public Optional<Integer> contextTokens() {
      return settings.map(LlamaSettings::contextTokens);
    }

    @Override
    public int slotsMax() {
      return settings.map(LlamaSettings::slots).orElse(1);
    }

    @Override
    public Engine open(EngineSurroundings surroundings, Consumer<String> whenBroken) {
      return new LlamaEngine(
          settings.orElseThrow(), InstantSource.system(), surroundings.nanoTime(), whenBroken);
    }
  }

  /** A server that speaks OpenAI's API. */
  record OpenAi(OpenAiSettings settings) implements EngineSettings {

    private static OpenAi required(Settings settings) {
      OpenAiSettings read = OpenAiSettings.from(settings);
      read.require(settings);
      return new OpenAi(read);
    }

    @Override
    public EngineSettings forRehearsal() {
      return new OpenAi(settings.forRehearsal());
    }

    @Override
    public ModelEngine kind() {
      return ModelEngine.OPENAI;
    }

    @Override
    public Optional<String> modelName() {
      return settings.models().size() == 1
          ? Optional.of(settings.models().getFirst())
          : Optional.empty();
    }

    @Override
    public String source() {
      return settings.source();
    }

    @Override
    public int slotsMax() {
      return settings.slotsMax();
    }

    @Override
    public Engine open(EngineSurroundings surroundings, Consumer<String> whenBroken) {
      return new OpenAiEngine(
          settings,
          surroundings.canaryAfter(),
          surroundings.serverOutput(),
          surroundings.nanoTime(),
          whenBroken);
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

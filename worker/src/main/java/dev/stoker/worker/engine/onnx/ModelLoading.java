package dev.stoker.worker.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Opens a model, one that comes with Stoker or a file, on the processor or on a GPU. */
final class ModelLoading {
  private static final String PLAIN = "model.onnx";
  private static final String OPTIMIZED = "model.ort";
  private static final String ORT_LIBRARIES = "ai/onnxruntime/native/linux-x64/";
  private static final String TOKENIZER_LIBRARY = "libtokenizers.so";
  private static final ByteBuffer NONE = ByteBuffer.allocate(0);

  private final ModelSettings settings;
  private final Path cache;

  private ModelLoading(ModelSettings settings, Path cache) {
    this.settings = settings;
    this.cache = cache;
  }

  /**
   * Loads a model; its tokenizer beside it.
   *
   * @param cache where what comes with Stoker is unpacked, once for all starts
   * @param step told whenever a part of the work is done
   */
  static OnnxModel load(ModelSettings settings, int textTokensMax, Path cache, Runnable step)
      throws IOException, OrtException, InterruptedException, ExecutionException {
    return new ModelLoading(settings, cache.toAbsolutePath()).load(textTokensMax, step);
  }

  private OnnxModel load(int textTokensMax, Runnable step)
      throws IOException, OrtException, InterruptedException, ExecutionException {
    Path files = settings.file().isPresent() ? libraries() : includedModel();
    step.run();
    Path vocabulary =
        settings
            .file()
            .map(model -> model.resolveSibling(ModelSettings.TOKENIZER_FILE))
            .orElseGet(() -> files.resolve(ModelSettings.TOKENIZER_FILE));
    FutureTask<TextTokenizer> tokenizer =
        new FutureTask<>(
            () -> TextTokenizer.open(vocabulary, files.resolve(TOKENIZER_LIBRARY), textTokensMax));
    Thread.ofPlatform().daemon().name("onnx-load-tokenizer").start(tokenizer);
    OpenSession session = session(files);
    step.run();
    return new OnnxModel(session, tokenizer.get(), settings.pooling());
  }

  /** The directory of what every model needs. */
  private Path libraries() throws IOException {
    return EngineFiles.open(cache, "libraries", libraryResources(), _ -> {});
  }

  /** The directory of the same and of a model that comes with Stoker. */
  private Path includedModel() throws IOException {
    Map<String, String> resources = new HashMap<>(libraryResources());
    resources.put(PLAIN, modelResource());
    resources.put(ModelSettings.TOKENIZER_FILE, settings.name() + "-tokenizer.json");
    return EngineFiles.open(cache, settings.name(), resources, this::optimize);
  }

  private static Map<String, String> libraryResources() {
    return Map.of(
        "libonnxruntime.so",
        ORT_LIBRARIES + "libonnxruntime.so",
        "libonnxruntime4j_jni.so",
        ORT_LIBRARIES + "libonnxruntime4j_jni.so",
        TOKENIZER_LIBRARY,
        "native/lib/linux-x86_64/cpu/" + TOKENIZER_LIBRARY);
  }

  private String modelResource() {
    return settings.name() + ".onnx";
  }

  /**
   * Does once what every start would do again: the model's graph is fused and written down in the
   * form that can be run from where it lies. Not with what is best for this very processor, as the
   * files may be found by another.
   */
  private void optimize(Path files) throws IOException {
    OrtEnvironment environment = environment(files);
    try (var options = options()) {
      options.setOptimizationLevel(OptLevel.EXTENDED_OPT);
      options.setOptimizedModelFilePath(files.resolve(OPTIMIZED).toString());
      options.addConfigEntry("session.save_model_format", "ORT");
      environment.createSession(files.resolve(PLAIN).toString(), options).close();
    } catch (OrtException e) {
      throw new IOException("The model cannot be optimized: " + e.getMessage(), e);
    }
    Files.delete(files.resolve(PLAIN));
  }

  /** The first call of this, before any other of the library, decides where that is from. */
  private OrtEnvironment environment(Path files) {
    System.setProperty(
        "onnxruntime.native.path", settings.libraries().orElse(files).toAbsolutePath().toString());
    return OrtEnvironment.getEnvironment();
  }

  private OpenSession session(Path files) throws OrtException, IOException {
    OrtEnvironment environment = environment(files);
    Optional<String> obstacle = whyNotCuda();
    if (obstacle.isEmpty()) {
      try {
        return onGpu(environment);
      } catch (OrtException e) {
        obstacle = Optional.of("CUDA does not work: " + e.getMessage().strip());
      }
    }
    if (settings.device() == Device.CUDA) {
      throw new IllegalStateException("STOKER_ONNX_DEVICE=cuda: " + obstacle.get());
    }
    return onProcessor(environment, files, "CPU (" + obstacle.get() + ")");
  }

  private Optional<String> whyNotCuda() {
    if (settings.device() == Device.CPU) {
      return Optional.of("as configured");
    }
    return OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)
        ? Optional.empty()
        : Optional.of("this ONNX Runtime is not built for CUDA");
  }

  /** From the model as it was made: what is fused for the processor is not the same for a GPU. */
  private OpenSession onGpu(OrtEnvironment environment) throws OrtException, IOException {
    try (var options = options();
        var cuda = new OrtCUDAProviderOptions(0)) {
      options.addCUDA(cuda);
      return new OpenSession(plain(environment, options), NONE, "GPU (CUDA)");
    }
  }

  private OpenSession onProcessor(OrtEnvironment environment, Path files, String device)
      throws OrtException, IOException {
    try (var options = options()) {
      if (settings.file().isPresent()) {
        return new OpenSession(plain(environment, options), NONE, device);
      }
      options.setOptimizationLevel(OptLevel.NO_OPT); // it has been done
      options.addConfigEntry("session.use_ort_model_bytes_directly", "1");
      options.addConfigEntry("session.use_ort_model_bytes_for_initializers", "1");
      ByteBuffer weights = EngineFiles.mapped(files.resolve(OPTIMIZED));
      return new OpenSession(environment.createSession(weights, options), weights, device);
    }
  }

  private OrtSession plain(OrtEnvironment environment, SessionOptions options)
      throws OrtException, IOException {
    if (settings.file().isPresent()) {
      return environment.createSession(settings.file().get().toString(), options);
    }
    try (InputStream model = EngineFiles.resource(modelResource()).openStream()) {
      return environment.createSession(model.readAllBytes(), options);
    }
  }

  private static SessionOptions options() throws OrtException {
    var options = new SessionOptions();
    // The callers are as many as the cores: threads inside a call would fight with them.
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    return options;
  }
}

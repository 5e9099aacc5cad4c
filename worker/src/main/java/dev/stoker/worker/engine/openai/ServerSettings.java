package dev.stoker.worker.engine.openai;

import dev.stoker.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A server that Stoker starts.
 *
 * @param command what starts it, with its placeholders
 * @param startTimeout how long it may take until it answers
 * @param stopGrace how long it may take to end before it is killed
 */
record ServerSettings(ServerCommand command, Duration startTimeout, Duration stopGrace) {

  /**
   * @param models of which the first stands for the weights unless those are named
   */
  static Optional<ServerSettings> from(Settings settings, List<String> models) {
    Optional<String> command =
        settings.optional(
            "STOKER_ENGINE_COMMAND",
            "with STOKER_ENGINE=openai: starts the server, such as vllm serve {model} --port"
                + " {port} --tensor-parallel-size {gpus} {extra}; no shell reads it");
    Optional<String> weights =
        settings.optional(
            "STOKER_ENGINE_WEIGHTS",
            "{model} in that command; if absent, the first of STOKER_ENGINE_MODELS");
    int gpus = settings.integer("STOKER_ENGINE_GPUS", 1, 0, 1024, "{gpus} in that command");
    String extra =
        settings.text("STOKER_ENGINE_EXTRA", "", "{extra} in that command: any number of words");
    Duration startTimeout =
        settings.duration(
            "STOKER_ENGINE_START_TIMEOUT",
            Duration.ofMinutes(15),
            Duration.ofMillis(100),
            Duration.ofHours(24),
            "how long a started server may take until it answers");
    Duration stopGrace =
        settings.duration(
            "STOKER_ENGINE_STOP_GRACE",
            Duration.ofSeconds(10),
            Duration.ZERO,
            Duration.ofHours(1),
            "how long a started server may take to end before it is killed");
    if (command.isEmpty()) {
      return Optional.empty();
    }
    Optional<List<String>> words = ServerCommand.split(command.get());
    Optional<List<String>> extraWords = ServerCommand.split(extra);
    settings.require(
        words.isPresent() && extraWords.isPresent(),
        "STOKER_ENGINE_COMMAND or STOKER_ENGINE_EXTRA has a quote that does not end");
    settings.require(
        words.isEmpty() || words.get().stream().anyMatch(word -> word.contains("{port}")),
        "STOKER_ENGINE_COMMAND has no {port}: Stoker chooses it");
    ServerCommand template =
        new ServerCommand(
            words.orElse(List.of()),
            weights.or(() -> models.stream().findFirst()).orElse(""),
            gpus,
            extraWords.orElse(List.of()));
    settings.require(
        !template.needsModel() || !template.model().isEmpty(),
        "STOKER_ENGINE_COMMAND has {model}, which needs STOKER_ENGINE_WEIGHTS or"
            + " STOKER_ENGINE_MODELS");
    return Optional.of(new ServerSettings(template, startTimeout, stopGrace));
  }
}

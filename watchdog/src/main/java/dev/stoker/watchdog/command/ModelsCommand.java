package dev.stoker.watchdog.command;

import dev.stoker.health.Gate;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerView;
import dev.stoker.model.ModelDefinition;
import dev.stoker.model.ModelPresence;
import dev.stoker.model.ModelState;
import dev.stoker.model.ModelTable;
import dev.stoker.model.RegisteredModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What models there are and where; or another try for those that could not be loaded. */
record ModelsCommand(
    ModelTable models, WorkerHeartbeatTable workers, Gate gate, Paint paint, List<String> names) {

  private static final String NOTHING = "-";

  private record Shown(RegisteredModel model, ModelPresence presence) {
    ModelDefinition definition() {
      return model.definition();
    }

    ModelState state() {
      return presence.state(model.quarantined());
    }
  }

  Answer run() {
    if (names.isEmpty()) {
      return list();
    }
    if (names.size() != 2 || !names.getFirst().equals("reset")) {
      throw new Misused("models what? models, or models reset NAME");
    }
    return reset(names.getLast());
  }

  private Answer list() {
    List<Shown> shown = shown();
    Columns columns =
        new Columns(
            "MODEL",
            "ENGINE",
            "STATE",
            "LOADED ON",
            "SLOTS",
            "MEMORY",
            "LAST LOAD",
            "FAILURES",
            "REASON");
    for (Shown each : shown) {
      columns.row(
          each.definition().name(),
          each.definition().engine().wireName(),
          each.state().wireName(),
          each.presence().loadedOn().isEmpty()
              ? NOTHING
              : String.join(", ", each.presence().loadedOn()),
          each.definition().slotsMax().map(String::valueOf).orElse(NOTHING),
          each.definition().memoryBytes().map(ModelsCommand::memory).orElse(NOTHING),
          each.model().lastLoad().map(ModelsCommand::duration).orElse(NOTHING),
          each.model().loadFailures(),
          each.model().failure().lines().findFirst().orElse(""));
    }
    List<String> lines = new ArrayList<>(columns.lines());
    for (int i = 0; i < shown.size(); i++) {
      lines.set(i + 1, painted(shown.get(i).state(), lines.get(i + 1)));
    }
    return new Answer(
        Answer.DONE,
        shown.isEmpty() ? "No worker has registered a model yet." : String.join("\n", lines),
        Map.of("models", shown.stream().map(ModelsCommand::data).toList()));
  }

  private Answer reset(String name) {
    Shown before = named(name, shown());
    boolean done = models.reset(name);
    Shown after = named(name, shown());
    String text =
        done
            ? name + ": the quarantine is lifted; it is loaded again when there is work for it"
            : "%s is %s: there is nothing to reset".formatted(name, before.state().wireName());
    return new Answer(
        done ? Answer.DONE : Answer.FAILED, text, Map.of("models", List.of(data(after))));
  }

  private static Shown named(String name, List<Shown> shown) {
    return shown.stream()
        .filter(each -> each.definition().answersTo(name))
        .findFirst()
        .orElseThrow(() -> new Misused("there is no model " + name + "; there are: " + all(shown)));
  }

  private static String all(List<Shown> shown) {
    return String.join(", ", shown.stream().map(each -> each.definition().name()).toList());
  }

  private List<Shown> shown() {
    List<WorkerView> processes = workers.all();
    return models.all().stream()
        .map(
            model ->
                new Shown(model, ModelPresence.of(model.definition()::answersTo, processes, gate)))
        .toList();
  }

  private String painted(ModelState state, String line) {
    return switch (state) {
      case LOADED -> paint.good(line);
      case AVAILABLE -> line;
      case LOADING, UNSERVED -> paint.doubtful(line);
      case QUARANTINED -> paint.bad(line);
    };
  }

  private static String memory(long bytes) {
    return bytes >= 10L << 30 ? (bytes >> 30) + " GiB" : Math.max(1, bytes >> 20) + " MiB";
  }

  private static String duration(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }

  private static Map<String, Object> data(Shown shown) {
    ModelDefinition definition = shown.definition();
    RegisteredModel model = shown.model();
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("model", definition.name());
    data.put("aliases", definition.aliases());
    data.put("engine", definition.engine().wireName());
    data.put("source", definition.source());
    data.put("state", shown.state().wireName());
    data.put("served_by", shown.presence().servedBy());
    data.put("loaded_on", shown.presence().loadedOn());
    data.put("slots_max", or(definition.slotsMax()));
    data.put("context_tokens", or(definition.contextTokens()));
    data.put("memory_bytes", or(definition.memoryBytes()));
    data.put("loads", model.loads());
    data.put("last_load_ms", or(model.lastLoad().map(Duration::toMillis)));
    data.put("last_unload_ms", or(model.lastUnload().map(Duration::toMillis)));
    data.put("load_failures", model.loadFailures());
    data.put("failure", model.failure());
    return data;
  }

  private static Object or(Optional<?> value) {
    return value.isPresent() ? value.get() : null;
  }
}

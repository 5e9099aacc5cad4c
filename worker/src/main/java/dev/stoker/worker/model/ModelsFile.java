package dev.stoker.worker.model;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Reads a file of models.
 *
 * <pre>
 * models:
 *   chat:
 *     engine: llama
 *     llama_file: /models/chat.gguf
 *     aliases: [gpt-4o-mini]
 * </pre>
 *
 * <p>Below a model's name stands any setting of its engine, in lower case and without {@code
 * STOKER_}.
 */
final class ModelsFile {
  private static final int BYTES_MAX = 1 << 20;

  /** One model: its settings under their full keys. */
  record Entry(String name, List<String> aliases, Map<String, String> settings) {}

  /** The file cannot be used; the message says why. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;

    Unusable(String message) {
      super(message);
    }
  }

  private ModelsFile() {}

  /** The models in the order of the file; at least one. */
  static List<Entry> read(Path file) throws Unusable {
    Object document;
    try (Reader text = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      LoaderOptions options = new LoaderOptions();
      options.setAllowDuplicateKeys(false);
      options.setCodePointLimit(BYTES_MAX);
      document = new Yaml(new SafeConstructor(options)).load(text);
    } catch (IOException e) {
      throw new Unusable(file + " cannot be read: " + e);
    } catch (YAMLException e) {
      throw new Unusable(file + " is not YAML: " + e.getMessage());
    }
    Object models = document instanceof Map<?, ?> map ? map.get("models") : null;
    if (!(models instanceof Map<?, ?> byName) || byName.isEmpty()) {
      throw new Unusable(file + " has no models; it begins with 'models:' and a name below it");
    }
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<?, ?> model : byName.entrySet()) {
      entries.add(entry(file, String.valueOf(model.getKey()), model.getValue()));
    }
    return List.copyOf(entries);
  }

  private static Entry entry(Path file, String name, Object value) throws Unusable {
    if (!(value instanceof Map<?, ?> members)) {
      throw new Unusable(file + ": model " + name + " has no settings, such as 'engine: onnx'");
    }
    List<String> aliases = List.of();
    Map<String, String> settings = new LinkedHashMap<>();
    for (Map.Entry<?, ?> member : members.entrySet()) {
      String key = String.valueOf(member.getKey());
      if (key.equals("aliases")) {
        aliases = aliases(file, name, member.getValue());
      } else {
        settings.put(
            "STOKER_" + key.toUpperCase(Locale.ROOT), scalar(file, name, key, member.getValue()));
      }
    }
    return new Entry(name, aliases, Map.copyOf(settings));
  }

  private static List<String> aliases(Path file, String name, Object value) throws Unusable {
    if (!(value instanceof List<?> list)) {
      throw new Unusable(file + ": model " + name + ": aliases must be a list, such as [a, b]");
    }
    return list.stream().map(String::valueOf).toList();
  }

  private static String scalar(Path file, String name, String key, Object value) throws Unusable {
    return switch (value) {
      case String text -> text;
      case Number number -> number.toString();
      case Boolean flag -> flag.toString();
      case null, default ->
          throw new Unusable(file + ": model " + name + ": " + key + " must be a text or a number");
    };
  }
}

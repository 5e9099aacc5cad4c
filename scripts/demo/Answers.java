import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What came back: how often each custom_id, its first vectors, its first texts and its first error.
 */
final class Answers {
  /** Comparing all with all grows with the square: this many take a second. */
  static final int COMPARED_MAX = 4000;

  private static final int TEXTS_MAX = 5;

  record Text(String customId, String asked, String answered) {}

  private final Input input;
  private final Map<String, Integer> seen = new HashMap<>();
  private final List<Neighbours.Embedded> embedded = new ArrayList<>();
  private final List<Text> texts = new ArrayList<>();
  private long tokens;
  private String firstError = "";

  Answers(Input input) {
    this.input = input;
  }

  void readOutput(Path file) throws IOException {
    read(file, this::takeAnswer);
  }

  void readErrors(Path file) throws IOException {
    read(file, this::takeError);
  }

  List<Neighbours.Embedded> embedded() {
    return embedded;
  }

  List<Text> texts() {
    return texts;
  }

  long tokens() {
    return tokens;
  }

  String firstError() {
    return firstError;
  }

  /** Refuses anything but each custom_id of the input exactly once. */
  void checkEachOnce() {
    List<String> missing =
        input.texts().keySet().stream().filter(id -> !seen.containsKey(id)).toList();
    List<String> repeated = seen.keySet().stream().filter(id -> seen.get(id) > 1).sorted().toList();
    List<String> unknown =
        seen.keySet().stream().filter(id -> !input.texts().containsKey(id)).sorted().toList();
    if (!missing.isEmpty() || !repeated.isEmpty() || !unknown.isEmpty()) {
      throw new Failure(
          "The answers do not match the input: missing %s, more than once %s, never asked %s"
              .formatted(some(missing), some(repeated), some(unknown)),
          "This must not happen: please report it with the input file and the downloaded files.");
    }
  }

  private static String some(List<String> ids) {
    return ids.size() <= 3 ? ids.toString() : ids.subList(0, 3) + " and " + (ids.size() - 3);
  }

  private interface LineReader {
    void take(String customId, JsonNode line);
  }

  private void read(Path file, LineReader reader) throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String text = lines.readLine(); text != null; text = lines.readLine()) {
        JsonNode line = Server.JSON.readTree(text);
        String customId = line.path("custom_id").asString("");
        seen.merge(customId, 1, Integer::sum);
        reader.take(customId, line);
      }
    }
  }

  private void takeAnswer(String customId, JsonNode line) {
    JsonNode body = line.path("response").path("body");
    tokens += body.path("usage").path("total_tokens").asLong(0);
    JsonNode vector = body.path("data").path(0).path("embedding");
    String asked = input.texts().getOrDefault(customId, "");
    if (vector.isArray() && !vector.isEmpty() && embedded.size() < COMPARED_MAX) {
      embedded.add(new Neighbours.Embedded(customId, asked, Neighbours.unit(floats(vector))));
    } else if (!vector.isArray() && texts.size() < TEXTS_MAX) {
      texts.add(new Text(customId, asked, answer(body)));
    }
  }

  private void takeError(String customId, JsonNode line) {
    if (firstError.isEmpty()) {
      JsonNode error =
          line.path("error").isObject()
              ? line.path("error")
              : line.path("response").path("body").path("error");
      firstError = customId + ": " + error.path("message").asString(error.toString());
    }
  }

  private static String answer(JsonNode body) {
    JsonNode choice = body.path("choices").path(0);
    return choice.path("message").path("content").asString(choice.path("text").asString(""));
  }

  private static float[] floats(JsonNode vector) {
    float[] floats = new float[vector.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = vector.get(i).floatValue();
    }
    return floats;
  }
}

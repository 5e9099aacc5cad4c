import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The requests of an input file: for each custom_id the text that it is about. */
record Input(Path file, String endpoint, Map<String, String> texts, long lines) {
  private static final String FORM =
      """
      Each line must be an OpenAI batch request, for example
        {"custom_id":"a-1","method":"POST","url":"/v1/embeddings",\
      "body":{"model":"all-minilm-l6-v2","input":"Hello"}}\
      """;

  /** Reads a file; what is wrong with single lines is left to the server, which says it better. */
  static Input read(Path file) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    String endpoint = null;
    long lines = 0;
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.isBlank()) {
          continue;
        }
        lines++;
        JsonNode request = request(line);
        endpoint = endpoint == null ? request.path("url").asString(null) : endpoint;
        texts.put(request.path("custom_id").asString("line " + lines), text(request.path("body")));
      }
    } catch (CharacterCodingException e) {
      throw new Failure(file + " is not UTF-8 text", FORM);
    }
    if (endpoint == null) {
      throw new Failure(file + " holds no batch request", FORM);
    }
    return new Input(file, endpoint, texts, lines);
  }

  boolean embeds() {
    return endpoint.equals("/v1/embeddings");
  }

  private static JsonNode request(String line) {
    try {
      return Server.JSON.readTree(line);
    } catch (JacksonException e) {
      return Server.JSON.createObjectNode();
    }
  }

  private static String text(JsonNode body) {
    if (body.path("messages").isArray() && !body.path("messages").isEmpty()) {
      JsonNode messages = body.path("messages");
      return messages.get(messages.size() - 1).path("content").asString("");
    }
    return body.path("input").asString(body.path("prompt").asString(""));
  }
}

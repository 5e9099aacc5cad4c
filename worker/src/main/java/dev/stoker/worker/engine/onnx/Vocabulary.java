package dev.stoker.worker.engine.onnx;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Finds how many tokens a tokenizer.json of Hugging Face lists. */
final class Vocabulary {
  private static final JsonFactory JSON = new JsonFactory();

  private final JsonParser json;
  private int size;

  private Vocabulary(JsonParser json) {
    this.json = json;
  }

  /** One more than the highest id in it. */
  static int size(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        JsonParser json = JSON.createParser(ObjectReadContext.empty(), in)) {
      Vocabulary vocabulary = new Vocabulary(json);
      json.nextToken();
      vocabulary.read();
      return vocabulary.size;
    }
  }

  private void read() {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      switch (name) {
        case "model" -> read(); // an object, in which the vocabulary is
        case "vocab" -> readVocabulary(value);
        case "added_tokens" -> readAddedTokens();
        default -> json.skipChildren();
      }
    }
  }

  /** An object of ids by tokens, or an array of tokens in the order of their ids. */
  private void readVocabulary(JsonToken begin) {
    boolean listed = begin == JsonToken.START_ARRAY;
    JsonToken end = listed ? JsonToken.END_ARRAY : JsonToken.END_OBJECT;
    int next = 0;
    for (JsonToken token = json.nextToken(); token != end; token = json.nextToken()) {
      if (listed) {
        json.skipChildren();
        next++;
      } else if (token == JsonToken.VALUE_NUMBER_INT) {
        next = Math.max(next, json.getIntValue() + 1);
      }
    }
    size = Math.max(size, next);
  }

  private void readAddedTokens() {
    for (JsonToken token = json.nextToken();
        token != JsonToken.END_ARRAY;
        token = json.nextToken()) {
      if (token == JsonToken.VALUE_NUMBER_INT && "id".equals(json.currentName())) {
        size = Math.max(size, json.getIntValue() + 1);
      }
    }
  }
}

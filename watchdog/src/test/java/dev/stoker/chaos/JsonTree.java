package dev.stoker.chaos;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** A JSON value: maps, lists, texts, numbers, booleans and null as Java has them. */
record JsonTree(Object value) {
  private static final JsonFactory FACTORY = new JsonFactory();

  /**
   * @throws tools.jackson.core.JacksonException for anything but one JSON value
   */
  static JsonTree of(String json) {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
      parser.nextToken();
      return new JsonTree(read(parser));
    }
  }

  private static Object read(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> members = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, read(parser));
        }
        yield members;
      }
      case START_ARRAY -> {
        List<Object> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(read(parser));
        }
        yield elements;
      }
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> parser.getString();
    };
  }

  /** A member, or a null value where there is none. */
  JsonTree at(String name) {
    return new JsonTree(value instanceof Map<?, ?> members ? members.get(name) : null);
  }

  List<JsonTree> elements() {
    return value instanceof List<?> list ? list.stream().map(JsonTree::new).toList() : List.of();
  }

  /** Empty where there is no text. */
  String text() {
    return value instanceof String text ? text : "";
  }

  /** -1 where there is no number. */
  int number() {
    return value instanceof Number number ? number.intValue() : -1;
  }

  boolean isTrue() {
    return Boolean.TRUE.equals(value);
  }
}

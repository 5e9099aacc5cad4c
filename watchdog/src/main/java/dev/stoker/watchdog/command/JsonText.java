package dev.stoker.watchdog.command;

import dev.stoker.line.Json;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** An {@link Answer}'s data as JSON, on one line. */
final class JsonText {
  private JsonText() {}

  static String of(Object value) {
    return switch (value) {
      case null -> "null";
      case Map<?, ?> members ->
          members.entrySet().stream()
              .map(member -> Json.quote(member.getKey().toString()) + ":" + of(member.getValue()))
              .collect(Collectors.joining(",", "{", "}"));
      case List<?> elements ->
          elements.stream().map(JsonText::of).collect(Collectors.joining(",", "[", "]"));
      case Boolean _, Integer _, Long _ -> value.toString();
      default -> Json.quote(value.toString());
    };
  }
}

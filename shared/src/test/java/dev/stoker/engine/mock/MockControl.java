package dev.stoker.engine.mock;

import dev.stoker.engine.mock.MockHandler.Reply;
import io.netty.handler.codec.http.HttpMethod;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What lies below /mock/: {@code POST /mock/faults}, and {@code GET} or {@code DELETE /mock/stats}.
 */
final class MockControl {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final MockServer server;
  private final EngineCore core;

  MockControl(MockServer server, EngineCore core) {
    this.server = server;
    this.core = core;
  }

  Reply answer(HttpMethod method, String uri, byte[] body) {
    return switch (method + " " + uri) {
      case "POST /mock/faults" -> set(body);
      case "GET /mock/stats" -> stats(false);
      case "GET /mock/stats?bodies=true" -> stats(true);
      case "DELETE /mock/stats" -> {
        server.counters().reset();
        yield stats(false);
      }
      default -> Reply.error(404, "the mock has no " + method + " " + uri, "");
    };
  }

  private Reply stats(boolean withBodies) {
    return Reply.json(200, server.generator().stats().json(core.pid(), core.port(), withBodies));
  }

  private Reply set(byte[] body) {
    try {
      server.faults().set(flat(body));
      return Reply.json(200, "{}");
    } catch (JacksonException | IllegalArgumentException e) {
      return Reply.error(400, String.valueOf(e.getMessage()), "");
    }
  }

  private static Map<String, String> flat(byte[] body) {
    Map<String, String> values = new HashMap<>();
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), body)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        values.put(name, parser.getString());
      }
    }
    return values;
  }
}

package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.worker.engine.openai.Exchange.Response;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/** Asks a server about itself. */
final class EngineProbe {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration METRICS_PATIENCE = Duration.ofSeconds(2);

  /** A process that is being killed may still answer for a moment. */
  private static final long LAST_MOMENT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final EngineClient client;

  EngineProbe(EngineClient client) {
    this.client = client;
  }

  /**
   * Whether it lives, asked because a connection broke. One that does not answer in time is busy,
   * not dead; a 503 of vLLM's {@code /health} says that its engine has died.
   */
  boolean lives() throws InterruptedException {
    if (!answers()) {
      return false;
    }
    LockSupport.parkNanos(LAST_MOMENT_NANOS);
    return answers();
  }

  private boolean answers() throws InterruptedException {
    return switch (client.get("/health", PATIENCE)) {
      case Response response -> !response.engineAway();
      case Exchange.Late _, Exchange.TooLong _ -> true;
      case Exchange.NotReached _, Exchange.Broken _ -> false;
    };
  }

  /** Whether it takes requests. Not every server has {@code /health}. */
  Readiness readiness() throws InterruptedException {
    Exchange health = client.get("/health", PATIENCE);
    return health instanceof Response response && response.status() < 500
        ? models()
        : new Readiness.NotYet("/health: " + describe(health));
  }

  private Readiness models() throws InterruptedException {
    Exchange models = client.get("/v1/models", PATIENCE);
    return switch (models) {
      case Response response when response.succeeded() ->
          new Readiness.Ready(listed(response.body()));
      case Response response when response.turnsAway() ->
          new Readiness.Misconfigured(nextStep(response));
      case Response response when response.status() < 500 -> new Readiness.Ready(Set.of());
      case Exchange other -> new Readiness.NotYet("/v1/models: " + describe(other));
    };
  }

  /** What to change when a server turns requests away. */
  static String nextStep(Response response) {
    return response.status() < 400
        ? "it redirects (" + response.status() + "): set STOKER_ENGINE_URL to where it leads"
        : "it refuses the key ("
            + response.status()
            + "): set STOKER_ENGINE_KEY, or STOKER_ENGINE_HEADERS if it wants another header";
  }

  /** Its metrics now; empty if it does not answer. */
  Optional<EngineMetrics> metrics() throws InterruptedException {
    return switch (client.get("/metrics", METRICS_PATIENCE)) {
      case Response response when response.succeeded() ->
          Optional.of(EngineMetrics.parse(new String(response.body(), UTF_8)));
      case Response _ -> Optional.of(EngineMetrics.NONE);
      case Exchange _ -> Optional.empty();
    };
  }

  /** Whether it answers a tiny question, which then is not to blame, and does not turn it away. */
  boolean answers(Canary canary, Duration patience) throws InterruptedException {
    return client.post(canary.endpoint(), canary.body(), patience) instanceof Response response
        && !response.turnsAway()
        && !response.engineAway();
  }

  static String describe(Exchange exchange) {
    return switch (exchange) {
      case Response response -> "HTTP " + response.status();
      case Exchange.NotReached(String reason) -> reason;
      case Exchange.Broken(String reason, boolean _) -> reason;
      case Exchange.TooLong(long bytesMax) -> "an answer of more than " + bytesMax + " bytes";
      case Exchange.Late _ -> "no answer in time";
    };
  }

  /** The ids in OpenAI's list of models, in its order. */
  static Set<String> listed(byte[] body) {
    Set<String> ids = new LinkedHashSet<>();
    try (JsonParser parser =
        OpenAiJson.FACTORY.createParser(ObjectReadContext.empty(), body, 0, body.length)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.PROPERTY_NAME
            && parser.streamReadContext().pathAsPointer().toString().matches("/data/\\d+/id")
            && parser.nextToken() == JsonToken.VALUE_STRING) {
          ids.add(parser.getString());
        }
      }
    } catch (JacksonException e) {
      return Set.of();
    }
    return ids;
  }
}

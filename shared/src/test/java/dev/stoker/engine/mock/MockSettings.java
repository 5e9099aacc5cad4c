package dev.stoker.engine.mock;

import dev.stoker.settings.Settings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * How a mock engine behaves as long as nothing is wrong.
 *
 * @param port on the loopback address; 0 takes a free one
 * @param models what it serves; requests for others are answered with 404
 * @param slots requests that run at once
 * @param queueMax requests that may wait beyond those; others are answered with 429
 * @param firstToken how long a request runs before its first token
 * @param perToken how long each further token takes; those of several choices are made together
 * @param jitterPercent by how much a request's time per token may differ from that, up or down
 * @param jitterSeed chooses by how much it differs, together with the request
 * @param tokens how long the answers are
 * @param kvTokens tokens that fit into the cache, as far as /metrics is concerned
 * @param load how long it takes from the start until requests are taken and /health says 200
 * @param key what clients must send as {@code Authorization: Bearer}; empty if nothing
 * @param metrics the names that /metrics uses
 * @param faults what is wrong from the start, as {@link MockFaults#set} takes it
 * @param child whether it starts a process in a session of its own, as vLLM starts its EngineCore
 * @param leaveChild whether that process is left running at the end, and with it what it holds
 */
public record MockSettings(
    int port,
    List<String> models,
    int slots,
    int queueMax,
    Duration firstToken,
    Duration perToken,
    int jitterPercent,
    long jitterSeed,
    TokenRange tokens,
    int kvTokens,
    Duration load,
    String key,
    MetricNames metrics,
    Map<String, String> faults,
    boolean child,
    boolean leaveChild) {

  private static final int MANY = 1_000_000;
  private static final Duration HOUR = Duration.ofHours(1);

  /**
   * From options as on the command line, such as {@code "--slots", "4", "--per-token", "1ms"}.
   *
   * @throws dev.stoker.settings.InvalidSettings if an option is unknown or its value wrong
   */
  public static MockSettings of(String... options) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      values.put(options[i].replaceFirst("^--", ""), i + 1 < options.length ? options[i + 1] : "");
    }
    Settings settings = new Settings(values);
    MockSettings read = from(settings);
    List<String> known = settings.described().stream().map(Settings.Described::key).toList();
    values.keySet().forEach(key -> settings.require(known.contains(key), "no option --" + key));
    settings.verify();
    return read;
  }

  static MockSettings from(Settings settings) {
    int tokensMin =
        settings.integer(
            "tokens-min", TokenRange.DEFAULT.min(), 1, MANY, "tokens of the shortest answer");
    int tokensMax =
        settings.integer(
            "tokens-max", TokenRange.DEFAULT.max(), 1, MANY, "tokens of the longest answer");
    settings.require(tokensMin <= tokensMax, "--tokens-min is more than --tokens-max");
    return new MockSettings(
        settings.integer("port", 0, 0, 65_535, "port on 127.0.0.1; 0 takes a free one"),
        List.of(settings.text("models", "mock", "models served, separated by commas").split(",")),
        settings.integer("slots", 256, 1, MANY, "requests that run at once"),
        settings.integer(
            "queue-max", MANY, 0, MANY, "requests that may wait beyond those; then 429"),
        time(settings, "first-token", Duration.ofMillis(2), "time to the first token"),
        time(settings, "per-token", Duration.ZERO, "time for each token"),
        settings.integer("jitter", 0, 0, 100, "by how many per cent the latter varies"),
        settings.number("seed", 0, 0, Long.MAX_VALUE, "chooses how it varies"),
        new TokenRange(Math.min(tokensMin, tokensMax), tokensMax),
        settings.integer("kv-tokens", MANY, 1, Integer.MAX_VALUE, "tokens that fit in its cache"),
        time(settings, "load", Duration.ZERO, "time from the start until /health says 200"),
        settings.text("key", "", "the key that clients must send"),
        MetricNames.valueOf(
            settings.oneOf("metrics", "VLLM", MetricNames.all(), "the names of its metrics")),
        faults(settings.text("faults", "", "what is wrong from the start: name=value,name=value")),
        settings.flag("child", false, "starts a process of its own that holds a port"),
        settings.flag("leave-child", false, "leaves that process running at the end"));
  }

  private static Map<String, String> faults(String text) {
    Map<String, String> faults = new HashMap<>();
    for (String fault : text.isEmpty() ? new String[0] : text.split(",")) {
      String[] parts = fault.split("=", 2);
      faults.put(parts[0], parts.length == 2 ? parts[1] : "true");
    }
    return faults;
  }

  private static Duration time(Settings settings, String key, Duration fallback, String meaning) {
    return settings.duration(key, fallback, Duration.ZERO, HOUR, meaning);
  }

  /** How long a request runs that needs so many steps. */
  long nanosFor(int steps, BodyHash hash) {
    double part = new SplittableRandom(hash.value() ^ jitterSeed).nextDouble(-1, 1);
    double factor = 1 + part * jitterPercent / 100;
    return firstToken.toNanos() + (long) (steps * perToken.toNanos() * factor);
  }
}

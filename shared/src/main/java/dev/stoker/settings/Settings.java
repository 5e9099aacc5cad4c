package dev.stoker.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Reads configuration keys. Wrong values are collected, so that {@link #verify} can name them all;
 * until then the default stands in. Every key that is read is remembered for the README's table.
 */
public final class Settings {

  /** One key as the README lists it. */
  public record Described(String key, String fallback, String meaning) {}

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)?");
  private static final Pattern BYTES = Pattern.compile("(\\d{1,9})(KiB|MiB|GiB)?");

  private final String owner;
  private final Map<String, String> environment;
  private final List<String> problems;
  private final Map<String, Described> described = new LinkedHashMap<>();

  public Settings(Map<String, String> environment) {
    this("", environment, new ArrayList<>());
  }

  private Settings(String owner, Map<String, String> environment, List<String> problems) {
    this.owner = owner;
    this.environment = Map.copyOf(environment);
    this.problems = problems;
  }

  /**
   * These settings but for some values, for one thing of many. What is wrong with them is told by
   * {@link #verify} of either.
   *
   * @param owner what the values belong to, for people
   */
  public Settings with(String owner, Map<String, String> values) {
    Map<String, String> both = new HashMap<>(environment);
    both.putAll(values);
    return new Settings(owner + ": ", both, problems);
  }

  /** Whether a key has been read, with whatever outcome. */
  public boolean hasRead(String key) {
    return described.containsKey(key);
  }

  /** The settings of this process. */
  public static Settings ofEnvironment() {
    return new Settings(System.getenv());
  }

  public int integer(String key, int fallback, int min, int max, String meaning) {
    return (int) number(key, fallback, min, max, meaning);
  }

  public long number(String key, long fallback, long min, long max, String meaning) {
    return read(
        key,
        fallback,
        Long.toString(fallback),
        meaning,
        "a whole number from " + min + " to " + max,
        text -> {
          long value = Long.parseLong(text);
          return value >= min && value <= max ? Optional.of(value) : Optional.empty();
        });
  }

  /**
   * A duration such as {@code 250ms}, {@code 60s}, {@code 5m}, {@code 24h}; a bare number is
   * seconds.
   */
  public Duration duration(
      String key, Duration fallback, Duration min, Duration max, String meaning) {
    return read(
        key,
        fallback,
        print(fallback),
        meaning,
        "a duration from " + print(min) + " to " + print(max) + ", such as 250ms, 60s, 5m or 24h",
        text ->
            parseDuration(text)
                .filter(value -> value.compareTo(min) >= 0 && value.compareTo(max) <= 0));
  }

  /** A number of bytes such as {@code 512MiB} or {@code 2GiB} that may be absent. */
  public OptionalLong bytes(String key, String meaning) {
    return read(
        key,
        OptionalLong.empty(),
        "",
        meaning,
        "a number of bytes, such as 512MiB or 2GiB",
        Settings::parseBytes);
  }

  public String text(String key, String fallback, String meaning) {
    return read(key, fallback, fallback, meaning, "a text", Optional::of);
  }

  /** A text that may be absent. */
  public Optional<String> optional(String key, String meaning) {
    return Optional.of(text(key, "", meaning)).filter(value -> !value.isEmpty());
  }

  public String oneOf(String key, String fallback, Collection<String> allowed, String meaning) {
    return read(
        key,
        fallback,
        fallback,
        meaning,
        "one of " + String.join(", ", allowed),
        text -> allowed.contains(text) ? Optional.of(text) : Optional.empty());
  }

  public boolean flag(String key, boolean fallback, String meaning) {
    return oneOf(key, Boolean.toString(fallback), List.of("true", "false"), meaning).equals("true");
  }

  /** A directory or file; made absolute. */
  public Path path(String key, Path fallback, String meaning) {
    return Path.of(text(key, fallback.toString(), meaning)).toAbsolutePath().normalize();
  }

  /** Notes a relation between keys that does not hold. */
  public void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(owner + problem);
    }
  }

  /** Ends the reading: throws if anything was wrong. */
  public void verify() {
    if (!problems.isEmpty()) {
      throw new InvalidSettings(problems);
    }
  }

  /** Every key read so far, in reading order. */
  public List<Described> described() {
    return List.copyOf(described.values());
  }

  private <T> T read(
      String key,
      T fallback,
      String printedFallback,
      String meaning,
      String allowed,
      Function<String, Optional<T>> parse) {
    described.putIfAbsent(key, new Described(key, printedFallback, meaning));
    String text = environment.getOrDefault(key, "").strip();
    if (text.isEmpty()) {
      return fallback;
    }
    Optional<T> value;
    try {
      value = parse.apply(text);
    } catch (NumberFormatException e) {
      value = Optional.empty();
    }
    if (value.isEmpty()) {
      problems.add(owner + key + "=" + text + " is not " + allowed);
    }
    return value.orElse(fallback);
  }

  private static Optional<Duration> parseDuration(String text) {
    var matcher = DURATION.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long amount = Long.parseLong(matcher.group(1));
    String unit = Optional.ofNullable(matcher.group(2)).orElse("s");
    return Optional.of(
        switch (unit) {
          case "ms" -> Duration.ofMillis(amount);
          case "m" -> Duration.ofMinutes(amount);
          case "h" -> Duration.ofHours(amount);
          case "d" -> Duration.ofDays(amount);
          default -> Duration.ofSeconds(amount);
        });
  }

  private static Optional<OptionalLong> parseBytes(String text) {
    var matcher = BYTES.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String unit = Optional.ofNullable(matcher.group(2)).orElse("");
    int shift =
        switch (unit) {
          case "KiB" -> 10;
          case "MiB" -> 20;
          case "GiB" -> 30;
          default -> 0;
        };
    return Optional.of(OptionalLong.of(Long.parseLong(matcher.group(1)) << shift));
  }

  /** The shortest way to write a duration that {@link #duration} reads back. */
  static String print(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds != 0 && seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds != 0 && seconds % 3_600 == 0) {
      return seconds / 3_600 + "h";
    }
    if (seconds != 0 && seconds % 60 == 0) {
      return seconds / 60 + "m";
    }
    return seconds + "s";
  }
}

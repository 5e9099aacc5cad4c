import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a benchmark measured: each figure once a round, for each system. Shows a table, holds
 * figures against their bars, and remembers all of it in the history.
 */
final class Report {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ROW = "%-16s %-28s %11s %11s %11s %8s %10s%n";

  /** Where a figure ought to lie. */
  private record Bar(double value, String side, double threshold) {
    boolean reached() {
      return side.equals("at_least") ? value >= threshold : value <= threshold;
    }

    String words(String name) {
      return "%s: %s, to reach: %s %s: %s"
          .formatted(
              name,
              number(value),
              side.replace('_', ' '),
              number(threshold),
              reached() ? "reached" : "NOT reached");
    }
  }

  /** What one system showed. */
  private record Shown(
      Map<String, Map<String, List<Double>>> figures,
      Map<String, Bar> bars,
      Map<String, Object> facts) {
    Shown() {
      this(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
    }
  }

  private final String benchmark;
  private final Map<String, Object> facts = new LinkedHashMap<>();
  private final Map<String, Shown> systems = new LinkedHashMap<>();
  private boolean exact = true;

  private Report(String benchmark) {
    this.benchmark = benchmark;
  }

  static Report of(String benchmark) {
    return new Report(benchmark);
  }

  /** Something that holds for the whole run, such as how many lines there were. */
  Report fact(String name, Object value) {
    facts.put(name, value);
    return this;
  }

  /** The same of one system. */
  void fact(String system, String name, Object value) {
    shown(system).facts().put(name, value);
  }

  /** A figure of one round. */
  void note(String system, String unit, String step, double value) {
    shown(system)
        .figures()
        .computeIfAbsent(unit, _ -> new LinkedHashMap<>())
        .computeIfAbsent(step, _ -> new ArrayList<>())
        .add(value);
  }

  /** What was noted, in the order of rounds; empty if nothing was. */
  List<Double> rounds(String system, String unit, String step) {
    return shown(system).figures().getOrDefault(unit, Map.of()).getOrDefault(step, List.of());
  }

  double last(String system, String unit, String step) {
    return rounds(system, unit, step).getLast();
  }

  double median(String system, String unit, String step) {
    return quantile(rounds(system, unit, step), 0.5);
  }

  /** The median of what each round shows in relation to a reference of the same round. */
  double medianRatio(String system, String reference, String unit, String step) {
    List<Double> own = rounds(system, unit, step);
    List<Double> other = rounds(reference, unit, step);
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < own.size(); round++) {
      ratios.add(own.get(round) / other.get(round));
    }
    return quantile(ratios, 0.5);
  }

  /** In the middle of two values it is their mean; not a number if there are none. */
  static double quantile(List<Double> values, double part) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double at = part * (sorted.length - 1);
    double low = sorted[(int) Math.floor(at)];
    double high = sorted[(int) Math.ceil(at)];
    return low + (high - low) * (at - Math.floor(at));
  }

  void atLeast(String system, String name, double value, double threshold) {
    shown(system).bars().put(name, new Bar(value, "at_least", threshold));
  }

  void atMost(String system, String name, double value, double threshold) {
    shown(system).bars().put(name, new Bar(value, "at_most", threshold));
  }

  /** Something is not as it must be, whatever its speed. */
  void wrong(String why) {
    System.out.println("WRONG: " + why);
    exact = false;
  }

  boolean exact() {
    return exact;
  }

  /**
   * Shows and remembers everything.
   *
   * @param reference the system that the others are held against where both have a figure, or an
   *     empty string
   */
  void tell(String reference) throws IOException {
    String load = Files.readString(Path.of("/proc/loadavg")).strip();
    System.out.println();
    System.out.printf(
        ROW, "system", "figure", "median", "smallest", "largest", "spread", reference);
    systems.forEach(
        (system, shown) ->
            shown
                .figures()
                .forEach(
                    (unit, steps) ->
                        steps.forEach((step, _) -> showRow(system, unit, step, reference))));
    int cores = Runtime.getRuntime().availableProcessors();
    System.out.printf("load %s, %d cores%s%n", load, cores, exact ? "" : "; NOT EXACT");
    for (Shown shown : systems.values()) {
      shown.bars().forEach((name, bar) -> System.out.println(bar.words(name)));
    }
    summarise();
    if (System.getenv("BENCH_QUICK") == null) {
      remember(load, cores);
    }
  }

  private void showRow(String system, String unit, String step, String reference) {
    List<Double> values = rounds(system, unit, step);
    double median = quantile(values, 0.5);
    double smallest = quantile(values, 0);
    double largest = quantile(values, 1);
    OptionalDouble other =
        systems.containsKey(reference) && !rounds(reference, unit, step).isEmpty()
            ? OptionalDouble.of(median(reference, unit, step))
            : OptionalDouble.empty();
    System.out.printf(
        ROW,
        system,
        step + ", " + unit,
        number(median),
        number(smallest),
        number(largest),
        values.size() < 2 || median == 0
            ? ""
            : "%.0f %%".formatted(100 * (largest - smallest) / median),
        other.isEmpty() ? "" : "x %.3f".formatted(median / other.getAsDouble()));
  }

  private void summarise() throws IOException {
    String summary = System.getenv("BENCH_SUMMARY");
    if (summary == null) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    for (Shown shown : systems.values()) {
      shown
          .bars()
          .forEach(
              (name, bar) ->
                  lines.append(
                      "%-18s %s%s%n"
                          .formatted(benchmark, bar.words(name), exact ? "" : "; NOT EXACT")));
    }
    Files.writeString(
        Path.of(summary), lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void remember(String load, int cores) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (Map.Entry<String, Shown> system : systems.entrySet()) {
      Shown shown = system.getValue();
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("benchmark", benchmark);
      line.put("system", system.getKey());
      line.put("at", Instant.now().toString());
      line.put("commit", System.getenv().getOrDefault("BENCH_COMMIT", ""));
      line.put("cores", cores);
      line.put("load", load);
      line.put("exact", exact);
      line.putAll(facts);
      line.putAll(shown.facts());
      line.put("figures", shown.figures());
      Map<String, Object> bars = new LinkedHashMap<>();
      shown
          .bars()
          .forEach(
              (name, bar) ->
                  bars.put(name, Map.of("value", bar.value(), bar.side(), bar.threshold())));
      line.put("bars", bars);
      lines.append(JSON.writeValueAsString(line)).append('\n');
    }
    Files.writeString(
        Path.of(System.getenv("BENCH_HISTORY")),
        lines,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private Shown shown(String system) {
    return systems.computeIfAbsent(system, _ -> new Shown());
  }

  /** Four digits that count. */
  static String number(double value) {
    double size = Math.abs(value);
    int digits = size == 0 ? 0 : (int) Math.clamp(3 - Math.floor(Math.log10(size)), 0, 6);
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }
}

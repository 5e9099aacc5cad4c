import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Draws the history of benchmarks: a panel for each bar, with the newest runs and where it lies.
 */
final class Chart {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int RUNS_MAX = 40;
  private static final int COLUMNS = 3;
  private static final int WIDTH = 360;
  private static final int HEIGHT = 190;
  private static final int MARGIN = 24;
  private static final int TOP = 52;
  private static final double HEADROOM = 1.15;

  /** One run held against its bar. */
  private record Point(String at, String commit, double value, double threshold, boolean least) {
    boolean reached() {
      return least ? value >= threshold : value <= threshold;
    }
  }

  private Chart() {}

  /**
   * @param arguments the history, and the file to draw into
   */
  public static void main(String[] arguments) throws IOException {
    Map<String, List<Point>> panels = read(Path.of(arguments[0]));
    Path svg = Path.of(arguments[1]);
    Files.writeString(svg, draw(panels));
    System.out.println("chart: " + svg);
  }

  private static Map<String, List<Point>> read(Path history) throws IOException {
    Map<String, List<Point>> panels = new LinkedHashMap<>();
    try (Stream<String> lines = Files.lines(history)) {
      lines.filter(line -> !line.isBlank()).map(JSON::readTree).forEach(run -> take(run, panels));
    }
    return panels;
  }

  private static void take(JsonNode run, Map<String, List<Point>> panels) {
    for (Map.Entry<String, JsonNode> bar : run.path("bars").properties()) {
      boolean least = bar.getValue().has("at_least");
      panels
          .computeIfAbsent(
              run.path("benchmark").asString() + ": " + bar.getKey(), _ -> new ArrayList<>())
          .add(
              new Point(
                  run.path("at").asString(),
                  run.path("commit").asString(""),
                  bar.getValue().path("value").asDouble(),
                  bar.getValue().path(least ? "at_least" : "at_most").asDouble(),
                  least));
    }
  }

  private static String draw(Map<String, List<Point>> panels) {
    int rows = Math.ceilDiv(Math.max(1, panels.size()), COLUMNS);
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11" fill="#333">
        <style>.good{fill:#2a7f3f}.bad{fill:#c0392b}.bar{stroke:#999;stroke-dasharray:4 3}.trend{fill:none;stroke:#4a6fa5;stroke-width:1.5}\
        .name{font-size:12px;font-weight:bold}</style>
        <rect width="100%%" height="100%%" fill="white"/>
        """
            .formatted(COLUMNS * WIDTH, rows * HEIGHT));
    int at = 0;
    for (Map.Entry<String, List<Point>> panel : panels.entrySet()) {
      svg.append(
          "<g transform=\"translate(%d %d)\">\n"
              .formatted(at % COLUMNS * WIDTH, at / COLUMNS * HEIGHT));
      drawPanel(panel.getKey(), panel.getValue(), svg);
      svg.append("</g>\n");
      at++;
    }
    return svg.append("</svg>\n").toString();
  }

  private static void drawPanel(String name, List<Point> all, StringBuilder svg) {
    List<Point> points = all.subList(Math.max(0, all.size() - RUNS_MAX), all.size());
    Point newest = points.getLast();
    double top =
        HEADROOM
            * points.stream()
                .mapToDouble(point -> Math.max(point.value(), point.threshold()))
                .max()
                .orElse(1);
    svg.append(text(MARGIN, 20, "name", name));
    svg.append(
        text(
            MARGIN,
            36,
            newest.reached() ? "good" : "bad",
            "%s, to reach: %s %s; %d runs"
                .formatted(
                    Report.number(newest.value()),
                    newest.least() ? "at least" : "at most",
                    Report.number(newest.threshold()),
                    all.size())));
    double bar = y(newest.threshold(), top);
    svg.append(
        "<path class=\"bar\" d=\"M%d %s H%d\"/>\n".formatted(MARGIN, place(bar), WIDTH - MARGIN));
    StringBuilder trend = new StringBuilder();
    StringBuilder marks = new StringBuilder();
    for (int run = 0; run < points.size(); run++) {
      Point point = points.get(run);
      String x = place(x(run, points.size()));
      String y = place(y(point.value(), top));
      trend.append(run == 0 ? "M" : " L").append(x).append(' ').append(y);
      marks.append(
          "<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"3\"><title>%s</title></circle>\n"
              .formatted(
                  point.reached() ? "good" : "bad",
                  x,
                  y,
                  escaped(
                      point.at() + " " + point.commit() + ": " + Report.number(point.value()))));
    }
    svg.append("<path class=\"trend\" d=\"").append(trend).append("\"/>\n").append(marks);
  }

  private static double x(int run, int runs) {
    return runs == 1 ? WIDTH / 2.0 : MARGIN + (double) run / (runs - 1) * (WIDTH - 2 * MARGIN);
  }

  private static double y(double value, double top) {
    return TOP + (1 - value / top) * (HEIGHT - TOP - MARGIN);
  }

  private static String text(int x, int y, String style, String words) {
    return "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n"
        .formatted(style, x, y, escaped(words));
  }

  private static String place(double pixels) {
    return String.format(Locale.ROOT, "%.1f", pixels);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}

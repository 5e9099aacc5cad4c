import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The same texts through Stoker and through a bare loop. Started by scripts/benchmark/embed.sh. */
final class Embed {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String MODEL = "all-minilm-l6-v2";
  private static final int SENTENCES_MAX = 8;
  private static final long SEED = 20_261_122;
  private static final double COSINE_MIN = 0.9999;
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final String STOKER = "stoker";
  private static final String BARE = "bare-loop";
  private static final int WARM_UP_LINES_MAX = 1000;
  private static final int TRIAL_TEXTS_MAX = 50;

  /** So that batches in a trial are as full as with many texts. */
  private static final int TRIAL_COPIES = 8;

  private static final List<BareLoop.BatchSize> SIZES =
      List.of(
          new BareLoop.BatchSize(8, 128),
          new BareLoop.BatchSize(16, 192),
          new BareLoop.BatchSize(16, 256),
          new BareLoop.BatchSize(32, 384),
          new BareLoop.BatchSize(32, 512),
          new BareLoop.BatchSize(64, 1024));

  private final int lines;
  private final int rounds;
  private final int threads;
  private final StokerClient stoker;
  private final ProcessTimes times;
  private final Path directory;
  private final List<String> texts;
  private final Report report;
  private double cosineMin = 1;

  private Embed(String[] arguments) throws IOException {
    this.lines = Integer.parseInt(arguments[0]);
    this.rounds = Integer.parseInt(arguments[1]);
    this.threads = Integer.parseInt(arguments[2]);
    this.stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
    this.times = new ProcessTimes(Path.of(System.getenv("STOKER_DATA_DIR")));
    this.directory = Path.of(System.getenv("BENCH_DIRECTORY"));
    this.texts = texts(Path.of(arguments[3]));
    this.report = Report.of("embed").fact("lines", lines).fact("threads", threads);
  }

  public static void main(String[] arguments) throws Exception {
    Embed embed = new Embed(arguments);
    embed.run();
    embed.tell();
    System.exit(embed.report.exact() ? 0 : 1);
  }

  /** One to eight sentences of the sample each, at random, the same in every run. */
  private List<String> texts(Path samples) throws IOException {
    List<String> sentences =
        Files.readAllLines(samples).stream()
            .map(line -> JSON.readTree(line).path("body").path("input").asString())
            .toList();
    Random random = new Random(SEED);
    return Stream.generate(
            () ->
                random
                    .ints(random.nextInt(1, SENTENCES_MAX + 1), 0, sentences.size())
                    .mapToObj(sentences::get)
                    .collect(Collectors.joining(" ")))
        .limit(lines)
        .toList();
  }

  private void run() throws Exception {
    try (BareLoop bare = new BareLoop(MODEL, threads)) {
      BareLoop.BatchSize size = bestSize(bare);
      int few = Math.min(lines, WARM_UP_LINES_MAX);
      read(throughStoker(texts.subList(0, few)), few);
      for (int round = 1; round <= rounds; round++) {
        Map<String, Double> before = times.now();
        long begun = System.nanoTime();
        float[][] expected = bare.run(texts, size);
        note(BARE, round, begun, before);
        before = times.now();
        begun = System.nanoTime();
        Path output = throughStoker(texts);
        note(STOKER, round, begun, before);
        compare(expected, read(output, lines));
      }
    }
  }

  /** The fastest of some on a part of the texts. Warms the loop up, too. */
  private BareLoop.BatchSize bestSize(BareLoop bare) throws InterruptedException {
    List<String> some = texts.subList(0, Math.min(lines, TRIAL_TEXTS_MAX));
    List<String> trial =
        Collections.nCopies(TRIAL_COPIES, some).stream().flatMap(List::stream).toList();
    bare.run(trial, SIZES.getFirst());
    Map<BareLoop.BatchSize, Double> seconds = new LinkedHashMap<>();
    for (BareLoop.BatchSize size : SIZES) {
      long begun = System.nanoTime();
      bare.run(trial, size);
      seconds.put(size, secondsSince(begun));
    }
    seconds.forEach(
        (size, took) ->
            print(
                "bare loop, at most %d texts and %d tokens a batch: %.0f lines/s",
                size.texts(), size.tokens(), trial.size() / took));
    return seconds.entrySet().stream().min(Map.Entry.comparingByValue()).orElseThrow().getKey();
  }

  private void note(String system, int round, long begunNanos, Map<String, Double> before)
      throws IOException {
    double seconds = secondsSince(begunNanos);
    report.note(system, "seconds", "whole", seconds);
    report.note(system, "lines/s", "whole", lines / seconds);
    times
        .now()
        .forEach(
            (process, spent) ->
                report.note(
                    system,
                    "CPU ms a line",
                    process,
                    1000 * (spent - before.getOrDefault(process, 0.0)) / lines));
    print("round %d, %-9s %7.1f s, %6.1f lines/s", round, system, seconds, lines / seconds);
  }

  /** From the first byte of the upload to the last of the download. */
  private Path throughStoker(List<String> inputs) throws Exception {
    Path output = directory.resolve("output.jsonl");
    String batch = stoker.create(stoker.upload(input(inputs)));
    JsonNode state = stoker.awaitEnd(batch, LOOK);
    stoker.download(state.path("output_file_id").asString(), output);
    return output;
  }

  private Path input(List<String> inputs) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < inputs.size(); i++) {
      lines
          .append("{\"custom_id\":\"")
          .append(i)
          .append("\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"")
          .append(MODEL)
          .append("\",\"input\":")
          .append(JSON.writeValueAsString(inputs.get(i)))
          .append("}}\n");
    }
    return Files.writeString(directory.resolve("input.jsonl"), lines);
  }

  /** The vectors of an output file; every line of the input must be there once. */
  private static float[][] read(Path output, int lines) throws IOException {
    float[][] vectors = new float[lines][];
    try (Stream<String> answers = Files.lines(output)) {
      answers.forEach(
          answer -> {
            JsonNode line = JSON.readTree(answer);
            int at = Integer.parseInt(line.path("custom_id").asString());
            if (vectors[at] != null) {
              throw new IllegalStateException("twice in the output: " + at);
            }
            JsonNode data = line.path("response").path("body").path("data").path(0);
            JsonNode numbers = data.path("embedding");
            vectors[at] = new float[numbers.size()];
            for (int i = 0; i < numbers.size(); i++) {
              vectors[at][i] = numbers.get(i).floatValue();
            }
          });
    }
    if (Arrays.asList(vectors).contains(null)) {
      throw new IllegalStateException("lines are missing in the output");
    }
    return vectors;
  }

  private void compare(float[][] expected, float[][] actual) {
    for (int i = 0; i < expected.length; i++) {
      cosineMin = Math.min(cosineMin, cosine(expected[i], actual[i]));
    }
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresA * squaresB);
  }

  private void tell() throws IOException {
    print("smallest cosine of a line's two vectors: %.6f", cosineMin);
    report.fact("cosine_min", cosineMin);
    if (cosineMin < COSINE_MIN) {
      report.wrong("the vectors differ");
    }
    report.atLeast(
        STOKER,
        "of a bare loop's speed",
        report.medianRatio(STOKER, BARE, "lines/s", "whole"),
        0.95);
    report.tell(BARE);
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}

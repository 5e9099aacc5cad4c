import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Runs one batch from the upload to answers that a person can judge. Started by scripts/demo.sh.
 */
final class Demo {
  private static final int WIDTH = 78;
  private static final int SAMPLES = 8;
  private static final Duration POLL = Duration.ofMillis(200);

  /** With no line finished for this long something is wrong. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final PrintStream out = System.out;

  /** A batch that has ended, and how long it took from its creation. */
  private record Ended(Batch batch, Duration took) {}

  private Demo() {}

  public static void main(String[] arguments) throws InterruptedException {
    URI baseUrl = URI.create(arguments[0]);
    Path target = Path.of(arguments[1]);
    Path input = Path.of(arguments[2]);
    Server server = new Server(baseUrl, System.getenv().getOrDefault("OPENAI_API_KEY", "any"));
    Progress progress = new Progress(out, Boolean.parseBoolean(arguments[3]));
    try {
      run(server, Input.read(input), target, progress);
    } catch (Failure e) {
      end("FAILED: " + e.getMessage(), e.nextStep());
    } catch (IOException e) {
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      end(
          "FAILED: " + reason,
          "Is everything running? See " + baseUrl.resolve("/health") + "; scripts/start-all.sh");
    }
  }

  private static void run(Server server, Input input, Path target, Progress progress)
      throws IOException, InterruptedException {
    out.printf("server   %s%n", server.baseUrl());
    out.printf(
        Locale.ROOT,
        "input    %s (%,d lines, %,d KB)%n",
        shown(input.file()),
        input.lines(),
        (Files.size(input.file()) + 1023) / 1024);
    String file = server.upload(input.file());
    out.printf("file     %s%n", file);
    String batch = server.createBatch(file, input.endpoint());
    out.printf("batch    %s%n%n", batch);

    Ended ended = follow(server, batch, progress);
    checkNotRefused(ended.batch());
    Answers answers = download(server, ended.batch(), input, target);
    answers.checkEachOnce();
    show(answers);
    summarize(ended, answers, target);
    checkAllAnswered(ended.batch(), answers);
  }

  /** Polls until the batch has ended; a server that is away for a while is waited for. */
  private static Ended follow(Server server, String id, Progress progress)
      throws IOException, InterruptedException {
    long begun = System.nanoTime();
    long lastMove = begun;
    long lastDone = -1;
    while (System.nanoTime() - lastMove < PATIENCE.toNanos()) {
      try {
        Batch batch = server.batch(id);
        Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
        progress.show(batch, elapsed);
        if (batch.ended()) {
          progress.end();
          return new Ended(batch, elapsed);
        }
        if (batch.counts().done() != lastDone) {
          lastDone = batch.counts().done();
          lastMove = System.nanoTime();
        }
      } catch (Server.Busy e) {
        progress.waiting(e.getMessage());
      } catch (IOException e) {
        progress.waiting("no answer from the api-server");
      }
      Thread.sleep(POLL);
    }
    progress.end();
    throw new Failure(
        "no line was finished for " + PATIENCE.toMinutes() + " minutes",
        "The batch is safe and goes on when a worker does: GET "
            + server.baseUrl()
            + "/batches/"
            + id
            + ". See "
            + server.baseUrl().resolve("/health")
            + " and worker.log.");
  }

  private static void checkNotRefused(Batch batch) {
    if (batch.status().equals("failed")) {
      batch.errors().stream().limit(10).forEach(error -> out.println("  " + error));
      throw new Failure(
          "the input was refused for the reasons above",
          "Correct these lines and run the demo again.");
    }
  }

  private static Answers download(Server server, Batch batch, Input input, Path target)
      throws IOException, InterruptedException {
    Files.createDirectories(target);
    Answers answers = new Answers(input);
    if (batch.outputFile().isPresent()) {
      server.download(batch.outputFile().get(), outputFile(target, batch));
      answers.readOutput(outputFile(target, batch));
    }
    if (batch.errorFile().isPresent()) {
      server.download(batch.errorFile().get(), errorFile(target, batch));
      answers.readErrors(errorFile(target, batch));
    }
    return answers;
  }

  private static Path outputFile(Path target, Batch batch) {
    return target.resolve(batch.id() + "_output.jsonl");
  }

  private static Path errorFile(Path target, Batch batch) {
    return target.resolve(batch.id() + "_error.jsonl");
  }

  /** A path as a person in the current folder would type it. */
  private static Path shown(Path path) {
    Path here = Path.of("").toAbsolutePath();
    return path.toAbsolutePath().startsWith(here) ? here.relativize(path.toAbsolutePath()) : path;
  }

  private static void show(Answers answers) {
    if (answers.embedded().size() > 1) {
      showNeighbours(Neighbours.among(answers.embedded()));
    }
    for (Answers.Text text : answers.texts()) {
      out.println();
      entry(text.customId(), 14, text.asked());
      entry("", 14, "-> " + text.answered());
    }
  }

  private static void showNeighbours(Neighbours neighbours) {
    List<Neighbours.Pair> pairs = neighbours.all();
    out.printf(
        Locale.ROOT,
        "%nNearest neighbours: a text, its closest among the other %,d, and their cosine%n",
        pairs.size() - 1);
    int column = column(pairs);
    for (Neighbours.Pair pair : neighbours.samples(SAMPLES)) {
      out.println();
      entry("      " + pair.of().customId(), column, pair.of().text());
      String cosine = String.format(Locale.ROOT, "%.2f  ", pair.similarity());
      entry(cosine + pair.nearest().customId(), column, pair.nearest().text());
    }
    if (neighbours.haveTopics()) {
      out.printf(
          Locale.ROOT,
          "%nThe nearest neighbour is of the same topic for %,d of %,d texts: %.0f %%%n"
              + "(blind choice would give %.0f %%).%n",
          neighbours.ofSameTopic(),
          pairs.size(),
          100.0 * neighbours.ofSameTopic() / pairs.size(),
          100 * neighbours.ofSameTopicByChance() / pairs.size());
    }
  }

  /** Where the texts begin: beyond " 0.87 " and the longest reasonable custom_id. */
  private static int column(List<Neighbours.Pair> pairs) {
    int longest = pairs.stream().mapToInt(pair -> pair.of().customId().length()).max().orElse(0);
    return 8 + Math.clamp(longest, 4, 24) + 2;
  }

  private static void summarize(Ended ended, Answers answers, Path target) {
    Batch batch = ended.batch();
    double seconds = ended.took().toMillis() / 1000.0;
    long tokens = batch.tokens() > 0 ? batch.tokens() : answers.tokens();
    out.printf(
        Locale.ROOT,
        "%n%,d lines in %.1f s: %,.1f lines/s, %,d tokens; %,d succeeded, %,d failed.%n",
        batch.counts().done(),
        seconds,
        batch.counts().done() / seconds,
        tokens,
        batch.counts().completed(),
        batch.counts().failed());
    out.println("Every custom_id of the input is in the answers exactly once.");
    batch.outputFile().ifPresent(_ -> out.println("answers  " + shown(outputFile(target, batch))));
    batch.errorFile().ifPresent(_ -> out.println("errors   " + shown(errorFile(target, batch))));
  }

  private static void checkAllAnswered(Batch batch, Answers answers) {
    if (!batch.status().equals("completed")) {
      throw new Failure("the batch is " + batch.status(), "Run the demo again to finish the rest.");
    }
    if (batch.counts().failed() > 0) {
      throw new Failure(
          batch.counts().failed() + " lines failed; the first: " + answers.firstError(),
          "Each failed line is in the error file above with its reason.");
    }
  }

  /** Prints a label and, beside it, a text wrapped to the width of a terminal. */
  private static void entry(String label, int column, String text) {
    String left = String.format("  %-" + (column - 4) + "s  ", label);
    for (String line : wrap(text, WIDTH - left.length())) {
      out.println((left + line).stripTrailing());
      left = " ".repeat(left.length());
    }
  }

  private static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.strip().split("\\s+")) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private static void end(String message, String nextStep) {
    out.println();
    System.err.println(message);
    System.err.println(nextStep);
    System.exit(1);
  }
}

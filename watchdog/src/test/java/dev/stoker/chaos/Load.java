package dev.stoker.chaos;

import dev.stoker.chaos.Ledger.Kind;
import dev.stoker.loop.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Clients that submit one batch after the other, as long as not too much is open. */
final class Load implements AutoCloseable {
  private static final int CLIENTS = 5;
  private static final int OPEN_LINES_MAX = 6_000;
  private static final int CREATE_TRIES_MAX = 6;
  private static final Duration CLOSE_PATIENCE = Duration.ofMinutes(1);
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final Api api;
  private final Ledger ledger;
  private final AtomicInteger number = new AtomicInteger();
  private final List<Loop> clients;
  private volatile boolean ending;

  Load(Api api, Ledger ledger, long seed) {
    this.api = api;
    this.ledger = ledger;
    this.clients =
        IntStream.range(0, CLIENTS)
            .mapToObj(client -> client(client, new Random(seed * CLIENTS + client)))
            .toList();
  }

  /** No new batches any more; returns once all clients have let go. */
  @Override
  public void close() {
    ending = true;
    clients.forEach(client -> client.close(CLOSE_PATIENCE));
  }

  private Loop client(int client, Random random) {
    return new Loop("client-" + client, PAUSE, () -> submitIfWelcome(client, random)).start();
  }

  private boolean submitIfWelcome(int client, Random random) throws InterruptedException {
    if (ledger.openLines() < OPEN_LINES_MAX) {
      String tag = "c%d-%d".formatted(client, number.incrementAndGet());
      submit(Submission.random(tag, random), random);
    }
    return false;
  }

  private void submit(Submission submission, Random random) throws InterruptedException {
    boolean cancels = random.nextInt(8) == 0;
    Duration patience = Duration.ofMillis(random.nextInt(4_000));
    Optional<String> file = uploaded(submission);
    if (file.isEmpty()) {
      return;
    }
    ledger.submitted(submission);
    Optional<WatchedBatch> batch = created(submission, file.get());
    if (cancels && batch.isPresent()) {
      pause(patience);
      cancel(batch.get());
    }
  }

  /** Tried until it succeeds: half an upload is nothing. */
  private Optional<String> uploaded(Submission submission) throws InterruptedException {
    byte[] bytes = submission.file();
    while (!ending) {
      try {
        Api.Answer answer = api.upload(bytes);
        if (succeeded(answer, "an upload")) {
          return Optional.of(answer.json().at("id").text());
        }
        requireServersFault(answer, "an upload");
        ledger.refused("upload: " + reason(answer));
      } catch (IOException e) {
        ledger.refused("upload: no answer");
      }
      pause(PAUSE);
    }
    return Optional.empty();
  }

  /**
   * As the SDKs do: again if it fails. What had no answer may exist all the same; then the list
   * shows it.
   */
  private Optional<WatchedBatch> created(Submission submission, String file)
      throws InterruptedException {
    for (int tries = 0; tries < CREATE_TRIES_MAX && !ending; tries++) {
      try {
        Api.Answer answer = api.create(submission, file, tries);
        if (succeeded(answer, "a create")) {
          return Optional.of(ledger.accepted(answer.json().at("id").text(), submission));
        }
        requireServersFault(answer, "a create");
        ledger.refused("create: " + reason(answer));
      } catch (IOException e) {
        ledger.refused("create: no answer");
      }
      pause(PAUSE.multipliedBy(1 + tries));
    }
    return Optional.empty();
  }

  /** A success that says nothing is none. */
  private boolean succeeded(Api.Answer answer, String what) {
    boolean empty = answer.ok() && answer.body().length == 0;
    if (empty) {
      ledger.find(Kind.WRONG, what + " was answered with 200 and nothing");
    }
    return answer.ok() && !empty;
  }

  /** Nothing that a client does here is wrong. */
  private void requireServersFault(Api.Answer answer, String what) {
    if (answer.status() < 500 && answer.status() != 429) {
      ledger.find(Kind.WRONG, what + " was refused: " + answer.status() + " " + answer.text());
    }
  }

  private static String reason(Api.Answer answer) {
    String message = answer.text().replaceFirst("(?s).*\"message\" *: *\"([^\"]*)\".*", "$1");
    String first = message.length() > 90 ? message.substring(0, 90) : message;
    return answer.status() + " " + first.replaceAll("\\d+", "N").strip();
  }

  /** Asked until there is an answer, or nothing can be cancelled any more. */
  private void cancel(WatchedBatch batch) throws InterruptedException {
    batch.cancelWished();
    while (!ending && !batch.ended()) {
      try {
        Api.Answer answer = api.cancel(batch.id());
        if (succeeded(answer, "a cancel")) {
          batch.cancelPromised();
          return;
        }
      } catch (IOException e) {
        // Again.
      }
      pause(PAUSE);
    }
  }

  private static void pause(Duration time) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(time.toNanos());
  }
}

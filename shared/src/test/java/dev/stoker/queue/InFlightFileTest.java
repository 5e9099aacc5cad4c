package dev.stoker.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.batch.BatchId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InFlightFileTest {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("worker-0.in-flight");
  }

  @Test
  void what_the_engine_has_not_answered_is_in_flight() throws IOException {
    InFlightFile inFlight = InFlightFile.create(file, 7, 4);
    assertThat(InFlightFile.read(file)).contains(new InFlightFile.Reading(7, 0, Set.of()));

    inFlight.enter(line(1));
    InFlightFile.Entry second = inFlight.enter(line(2));
    InFlightFile.Entry third = inFlight.enter(line(3));
    second.leave(true);
    third.leave(false);
    inFlight.enter(line(4));

    assertThat(InFlightFile.read(file))
        .contains(new InFlightFile.Reading(7, 1, Set.of(line(1), line(4))));
  }

  @Test
  void a_line_that_runs_under_two_leases_is_named_once() throws IOException {
    InFlightFile inFlight = InFlightFile.create(file, 7, 2);
    inFlight.enter(line(1));
    inFlight.enter(line(1));
    assertThat(InFlightFile.read(file).orElseThrow().lines()).containsExactly(line(1));
  }

  @Test
  void there_are_as_many_places_as_the_engine_has_slots() {
    InFlightFile inFlight = InFlightFile.unread(1);
    InFlightFile.Entry only = inFlight.enter(line(1));
    assertThatThrownBy(() -> inFlight.enter(line(2))).isInstanceOf(NoSuchElementException.class);
    only.leave(true);
    assertThat(inFlight.enter(line(2))).isNotNull();
  }

  @Test
  void a_predecessor_that_still_lives_does_not_write_into_its_successors_file() throws IOException {
    InFlightFile old = InFlightFile.create(file, 7, 1);
    InFlightFile.create(file, 8, 1).enter(line(5));

    old.enter(line(6));

    assertThat(InFlightFile.read(file)).contains(new InFlightFile.Reading(8, 0, Set.of(line(5))));
  }

  @Test
  void threads_do_not_take_each_others_places() throws Exception {
    InFlightFile inFlight = InFlightFile.create(file, 7, 9);
    inFlight.enter(line(1));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Void>> work = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int first = 2 + i * 1000;
        work.add(
            () -> {
              for (int line = first; line < first + 1000; line++) {
                inFlight.enter(line(line)).leave(true);
              }
              return null;
            });
      }
      for (Future<Void> done : threads.invokeAll(work)) {
        done.get();
      }
    }
    assertThat(InFlightFile.read(file))
        .contains(new InFlightFile.Reading(7, 8000, Set.of(line(1))));
  }

  @Test
  void what_is_not_there_or_of_another_kind_says_nothing() throws IOException {
    assertThat(InFlightFile.read(file)).isEmpty();

    Files.write(file, new byte[96]);
    assertThat(InFlightFile.read(file)).isEmpty();

    Files.write(file, new byte[3]);
    assertThat(InFlightFile.read(file)).isEmpty();
  }

  private static LineKey line(int number) {
    return new LineKey(new BatchId(new UUID(0x0190L << 48, -number)), number);
  }
}

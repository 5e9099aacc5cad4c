package dev.stoker.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalBeatTest {

  @TempDir Path directory;

  @Test
  void a_reader_sees_each_beat() throws IOException {
    Path file = directory.resolve("worker-0.beat");
    LocalBeat beat = LocalBeat.create(file, 7, 1234);
    assertThat(LocalBeat.read(file)).contains(new LocalBeat.Reading(7, 1234, 0, 0, 0, true));

    beat.beat(1, 0, true);
    beat.beat(90, 12, false);

    assertThat(LocalBeat.read(file)).contains(new LocalBeat.Reading(7, 1234, 2, 90, 12, false));
  }

  @Test
  void a_predecessor_that_still_lives_does_not_write_into_its_successors_file() throws IOException {
    Path file = directory.resolve("worker-0.beat");
    LocalBeat old = LocalBeat.create(file, 7, 1);
    LocalBeat.create(file, 8, 2).beat(5, 1, false);

    old.beat(6, 6, true);

    assertThat(LocalBeat.read(file)).contains(new LocalBeat.Reading(8, 2, 1, 5, 1, false));
  }

  @Test
  void what_is_not_there_or_of_another_kind_says_nothing() throws IOException {
    Path file = directory.resolve("worker-0.beat");
    assertThat(LocalBeat.read(file)).isEmpty();

    Files.write(file, new byte[64]);
    assertThat(LocalBeat.read(file)).isEmpty();

    Files.write(file, new byte[3]);
    assertThat(LocalBeat.read(file)).isEmpty();
  }
}

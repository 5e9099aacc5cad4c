package dev.stoker.watchdog.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.LocalBeat;
import dev.stoker.watchdog.slot.LocalSeen;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LocalContactTest {

  private static final LocalContact NEW = LocalContact.of(7);

  @Test
  void nothing_is_known_before_the_first_look_or_of_another_incarnation() {
    assertThat(NEW.at(at(1))).isEmpty();
    assertThat(NEW.seen(beat(6, 100), at(1)).at(at(1))).isEmpty();
  }

  @Test
  void only_a_change_proves_life() {
    LocalContact contact = NEW.seen(beat(7, 1), at(1)).seen(beat(7, 1), at(60));
    assertThat(contact.at(at(61)).map(LocalSeen::still)).contains(Duration.ofMinutes(1));
    assertThat(contact.seen(beat(7, 2), at(61)).at(at(61)).map(LocalSeen::still))
        .contains(Duration.ZERO);
  }

  @Test
  void time_that_nobody_watched_proves_nothing() {
    LocalContact contact = NEW.seen(beat(7, 1), at(1)).paused(at(600));
    assertThat(contact.at(at(601)).map(LocalSeen::still)).contains(Duration.ofSeconds(1));
  }

  @Test
  void a_file_that_was_taken_away_is_no_silence() {
    LocalContact contact = NEW.seen(beat(7, 1), at(1)).seen(Optional.empty(), at(2));
    assertThat(contact.at(at(1000))).isEmpty();
  }

  private static Optional<LocalBeat.Reading> beat(long incarnation, long beats) {
    return Optional.of(new LocalBeat.Reading(incarnation, 1, beats, 0, 0, false));
  }

  private static long at(int second) {
    return Duration.ofSeconds(second).toNanos();
  }
}

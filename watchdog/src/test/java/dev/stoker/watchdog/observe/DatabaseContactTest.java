package dev.stoker.watchdog.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseContactTest {

  private static final Duration STALE = Duration.ofMinutes(1);
  private static final long AHEAD = 1_000_000;

  @Test
  void nothing_is_known_before_the_first_answer() {
    DatabaseContact contact = DatabaseContact.none(STALE);
    assertThat(contact.recent(0)).isFalse();
    assertThat(contact.unbroken(at(1000))).isLessThan(STALE);
  }

  @Test
  void ages_count_once_it_has_answered_for_a_whole_window() {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 59);
    assertThat(contact.unbroken(at(59))).isLessThan(STALE);
    assertThat(everySecond(contact, 60, 60).unbroken(at(60))).isGreaterThanOrEqualTo(STALE);
  }

  @Test
  void a_gap_starts_the_window_anew() {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 100);
    assertThat(contact.recent(at(115))).isTrue();
    assertThat(contact.recent(at(116))).isFalse();
    assertThat(contact.unbroken(at(116))).isLessThan(STALE);
    DatabaseContact back = contact.answered(at(116), AHEAD);
    assertThat(back.recent(at(116))).isTrue();
    assertThat(back.unbroken(at(116))).isLessThan(STALE);
    assertThat(everySecond(back, 117, 176).unbroken(at(176))).isGreaterThanOrEqualTo(STALE);
  }

  @Test
  void a_short_gap_breaks_nothing() {
    DatabaseContact contact =
        everySecond(DatabaseContact.none(STALE), 0, 100).answered(at(114), AHEAD);
    assertThat(contact.unbroken(at(114))).isGreaterThanOrEqualTo(STALE);
  }

  @Test
  void a_pause_of_our_own_starts_the_window_anew() {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 100).lost();
    assertThat(contact.recent(at(101))).isFalse();
    assertThat(contact.answered(at(101), AHEAD).unbroken(at(102))).isLessThan(STALE);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "the host slept for three hours, 10800000, false",
    "the clock was set forward by more than a gap may last, 15001, false",
    "the clock was set back, -15001, false",
    "a step as long as a gap may last, 15000, true",
    "the same backward, -15000, true",
    "a slow answer, -900, true",
    "drift, 1, true"
  })
  void a_step_of_the_databases_clock_starts_the_window_anew(
      String what, long step, boolean covered) {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 100);
    assertThat(contact.steps(AHEAD + step)).as(what).isEqualTo(!covered);
    DatabaseContact after = contact.answered(at(101), AHEAD + step);
    assertThat(after.recent(at(101))).isTrue();
    assertThat(after.unbroken(at(101)).compareTo(STALE) >= 0).isEqualTo(covered);
    for (int second = 102; second <= 161; second++) {
      after = after.answered(at(second), AHEAD + step);
    }
    assertThat(after.unbroken(at(161))).isGreaterThanOrEqualTo(STALE);
  }

  @Test
  void drift_is_never_added_up() {
    DatabaseContact contact = DatabaseContact.none(STALE);
    for (int second = 0; second <= 100; second++) {
      contact = contact.answered(at(second), AHEAD + 1000L * second);
    }
    assertThat(contact.unbroken(at(100))).isGreaterThanOrEqualTo(STALE);
  }

  @Test
  void a_look_says_how_far_the_databases_clock_is_ahead() {
    Look look = new Look(at(1), at(2), List.of(), List.of(), 5000);
    assertThat(look.aheadMillis()).isEqualTo(3000);
  }

  private static DatabaseContact everySecond(DatabaseContact contact, int from, int to) {
    DatabaseContact now = contact;
    for (int second = from; second <= to; second++) {
      now = now.answered(at(second), AHEAD);
    }
    return now;
  }

  private static long at(int second) {
    return Duration.ofSeconds(second).toNanos();
  }
}

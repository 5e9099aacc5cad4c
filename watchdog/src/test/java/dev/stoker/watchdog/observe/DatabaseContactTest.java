package dev.stoker.watchdog.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DatabaseContactTest {

  private static final Duration STALE = Duration.ofMinutes(1);

  @Test
  void nothing_is_known_before_the_first_answer() {
    DatabaseContact contact = DatabaseContact.none(STALE);
    assertThat(contact.recent(0)).isFalse();
    assertThat(contact.covers(STALE, at(1000))).isFalse();
  }

  @Test
  void ages_count_once_it_has_answered_for_a_whole_window() {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 59);
    assertThat(contact.covers(STALE, at(59))).isFalse();
    assertThat(everySecond(contact, 60, 60).covers(STALE, at(60))).isTrue();
  }

  @Test
  void a_gap_starts_the_window_anew() {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 100);
    assertThat(contact.recent(at(115))).isTrue();
    assertThat(contact.recent(at(116))).isFalse();
    assertThat(contact.covers(STALE, at(116))).isFalse();
    DatabaseContact back = contact.answered(at(116));
    assertThat(back.recent(at(116))).isTrue();
    assertThat(back.covers(STALE, at(116))).isFalse();
    assertThat(everySecond(back, 117, 176).covers(STALE, at(176))).isTrue();
  }

  @Test
  void a_short_gap_breaks_nothing() {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 100).answered(at(114));
    assertThat(contact.covers(STALE, at(114))).isTrue();
  }

  @Test
  void a_pause_of_our_own_starts_the_window_anew() {
    DatabaseContact contact = everySecond(DatabaseContact.none(STALE), 0, 100).lost();
    assertThat(contact.recent(at(101))).isFalse();
    assertThat(contact.answered(at(101)).covers(STALE, at(102))).isFalse();
  }

  private static DatabaseContact everySecond(DatabaseContact contact, int from, int to) {
    DatabaseContact now = contact;
    for (int second = from; second <= to; second++) {
      now = now.answered(at(second));
    }
    return now;
  }

  private static long at(int second) {
    return Duration.ofSeconds(second).toNanos();
  }
}

package dev.stoker.api.intake;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CourtesyTest {
  private final AtomicBoolean crowded = new AtomicBoolean();
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 10);
  private final Courtesy courtesy = new Courtesy(crowded::get, now::get);

  @Test
  void it_gives_way_while_there_is_a_crowd() {
    assertThat(courtesy.givesWay()).isFalse();

    crowded.set(true);
    assertThat(courtesy.givesWay()).isTrue();

    crowded.set(false);
    assertThat(courtesy.givesWay()).isFalse();
  }

  @Test
  void its_patience_ends_after_a_second_however_often_the_crowd_pauses() {
    crowded.set(true);
    courtesy.givesWay();
    crowded.set(false);
    courtesy.givesWay();
    crowded.set(true);

    now.addAndGet(Courtesy.PATIENCE.toNanos() - 1);
    assertThat(courtesy.givesWay()).isTrue();

    now.incrementAndGet();
    assertThat(courtesy.givesWay()).isFalse();
  }

  @Test
  void when_all_is_done_it_is_as_patient_as_before() {
    crowded.set(true);
    courtesy.givesWay();
    now.addAndGet(Courtesy.PATIENCE.toNanos());

    courtesy.done();

    assertThat(courtesy.givesWay()).isTrue();
  }
}

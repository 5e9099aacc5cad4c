package dev.stoker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.testing.TestDatabase;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;

class RoundTripTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Question<String> NOW =
      new Question<>("SELECT now()::text AS now\n", (row, _) -> row.getString("now"));
  private static final Question<Integer> NUMBERS =
      new Question<>("SELECT * FROM generate_series(1, 3)", (row, _) -> row.getInt(1));
  private static final Question<Integer> NOTHING =
      new Question<>("SELECT 1 WHERE false", (row, _) -> row.getInt(1));

  private final JdbcTemplate jdbc = new JdbcTemplate(database.database().dataSource());
  private final RoundTrip trip = new RoundTrip();

  @Test
  void each_question_has_its_own_answer() {
    Supplier<List<Integer>> numbers = trip.ask(NUMBERS);
    Supplier<List<Integer>> nothing = trip.ask(NOTHING);
    Supplier<List<Integer>> again = trip.ask(NUMBERS);

    trip.send(jdbc);

    assertThat(numbers.get()).containsExactly(1, 2, 3);
    assertThat(nothing.get()).isEmpty();
    assertThat(again.get()).containsExactly(1, 2, 3);
    assertThat(NUMBERS.ask(database.jdbc())).containsExactly(1, 2, 3);
  }

  @Test
  void questions_are_sent_together() {
    Supplier<List<String>> first = trip.ask(NOW);
    Supplier<List<String>> second = trip.ask(NOW);

    trip.send(jdbc);

    assertThat(first.get()).isEqualTo(second.get());
    assertThat(NOW.ask(database.jdbc())).isNotEqualTo(first.get());
  }

  @Test
  void one_that_fails_fails_all_and_the_next_are_answered() {
    Supplier<List<Integer>> numbers = trip.ask(NUMBERS);
    trip.ask(new Question<>("SELECT 1 / 0", (row, _) -> row.getInt(1)));

    assertThatThrownBy(() -> trip.send(jdbc)).isInstanceOf(DataAccessException.class);

    assertThatThrownBy(numbers::get).isInstanceOf(IllegalStateException.class);
    RoundTrip next = new RoundTrip();
    Supplier<List<Integer>> answer = next.ask(NUMBERS);
    next.send(jdbc);
    assertThat(answer.get()).hasSize(3);
  }
}

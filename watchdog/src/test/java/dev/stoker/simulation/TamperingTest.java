package dev.stoker.simulation;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Somebody changes rows behind everybody's back: the checks can fail. */
class TamperingTest {
  private static final long SEED = 1;

  private static Laboratory laboratory;

  @BeforeAll
  static void open() {
    laboratory = new Laboratory();
  }

  @AfterAll
  static void close() {
    laboratory.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          DELETE FROM result_group                                                | results
          DELETE FROM batch                                                       | 'is (gone|not to be found)'
          UPDATE shard SET attempt = 0                                            | token
          UPDATE shard SET faults = 1                                             | was done and has changed
          UPDATE shard SET completed = failed, failed = completed                 | lost results
          UPDATE batch SET status = 'cancelling', cancelling_at = now()           | cancelled
          UPDATE result_group SET content = set_byte(content, 0, 0)               | has changed
          """)
  void a_broken_promise_is_found(String statement, String complaint) {
    assertThatThrownBy(
            () -> laboratory.run(SEED, (_, _) -> new Tampering(statement), _ -> Size.SMALLEST))
        .isInstanceOf(Laboratory.Broken.class)
        .hasMessageFindingMatch(complaint);
  }

  /** Between the settle of the last line and the end of its batch. */
  private static final class Tampering implements Trouble {
    private static final int AFTER_THE_SETTLE = 2;

    private final String statement;
    private int settles;
    private boolean healed;

    Tampering(String statement) {
      this.statement = statement;
    }

    @Override
    public void start() {}

    @Override
    public Fault fault(Task task) {
      if (task.toString().endsWith("/settle") && ++settles == AFTER_THE_SETTLE) {
        laboratory.rows().sql(statement).update();
      }
      return Fault.NONE;
    }

    @Override
    public Duration latency(Task task) {
      return Duration.ofMillis(5);
    }

    @Override
    public boolean healed() {
      return healed;
    }

    @Override
    public void heal() {
      healed = true;
    }
  }
}

package dev.stoker.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Of each operation the n-th statement fails, for n = 1, 2, 3 … until it has no more. */
class FailingStatementsTest {
  /** Whose client has a batch that runs to its end, and deletes its files. */
  private static final long SEED = 1;

  private static Laboratory laboratory;

  enum Operation {
    UPLOAD_CREATE_AND_DOWNLOAD("/client"),
    INTAKE("/intake"),
    CLAIM("/claim"),
    SETTLE_AND_FINALIZE("/settle"),
    END_AND_REAP("/ending"),
    RETENTION("/sweeper"),
    RECOVERY("watchdog");

    private final String task;

    Operation(String task) {
      this.task = task;
    }

    boolean has(Task each) {
      return each.toString().contains(task);
    }
  }

  @BeforeAll
  static void open() {
    laboratory = new Laboratory();
  }

  @AfterAll
  static void close() {
    laboratory.close();
  }

  @ParameterizedTest
  @EnumSource
  void a_statement_that_is_never_sent_breaks_no_promise(Operation operation) {
    assertThat(failEach(operation, Fault.UNSENT, false)).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void a_statement_whose_answer_is_lost_breaks_no_promise(Operation operation) {
    assertThat(failEach(operation, Fault.UNHEARD, false)).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void a_database_that_is_gone_from_some_statement_on_breaks_no_promise(Operation operation) {
    assertThat(failEach(operation, Fault.UNSENT, true)).isPositive();
  }

  /** Says how many statements the operation has. */
  private static int failEach(Operation operation, Fault fault, boolean all) {
    for (int n = 1; ; n++) {
      int nth = n;
      AtomicReference<FailingStatements> failing = new AtomicReference<>();
      laboratory.run(
          SEED,
          (world, _) -> {
            failing.set(new FailingStatements(world, operation::has, nth, fault, all));
            return failing.get();
          },
          _ -> Size.SMALLEST);
      if (!failing.get().reached()) {
        return n - 1;
      }
    }
  }
}

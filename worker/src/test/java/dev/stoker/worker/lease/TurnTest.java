package dev.stoker.worker.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TurnTest {

  @ParameterizedTest(name = "{0}: {7}")
  @CsvSource(
      textBlock =
          """
          # what                                    fresh grouped lone running overdue group  turn
          nothing waits,                                0,      0,   0,      0, false,     -, NONE
          nothing waits and lines run,                  0,      0,   0,      3, false,     -, NONE
          a fresh line,                                 1,      0,   0,      0, false,     -, FRESH
          a fresh line and a free slot,                 1,      0,   0,     15, false,     -, FRESH
          a fresh line and no free slot,                1,      0,   0,     16, false,     -, NONE
          nobody is overdue without suspects,           1,      0,   0,      3, true,      -, FRESH
          fresh lines go first,                         1,      1,   1,      3, false,     -, FRESH
          fresh lines go first and have no slot,        1,      1,   1,     16, false,     -, NONE
          a suspect waits for what runs,                0,      1,   0,      1, false,     -, NONE
          a suspect finds nothing running,              0,      1,   0,      0, false,     -, GROUPED
          a worse suspect waits for what runs,          0,      0,   1,      1, false,     -, NONE
          a worse suspect finds nothing running,        0,      0,   1,      0, false,     -, LONE
          the lesser suspect first,                     0,      1,   1,      0, false,     -, GROUPED
          an overdue suspect stops fresh lines,         1,      1,   0,      2, true,      -, NONE
          an overdue suspect has its turn,              1,      1,   0,      0, true,      -, GROUPED
          an overdue worse suspect has its turn,        1,      0,   1,      0, true,      -, LONE
          a group grows,                                0,      1,   0,      2, false,     2, GROUPED
          a group grows beside waiting fresh lines,     9,      1,   0,      2, false,     2, GROUPED
          a full group,                                 0,      1,   0,      4, false,     0, NONE
          a group without further members,              0,      0,   0,      2, false,     2, NONE
          a fresh line joins no group,                  1,      0,   0,      2, false,     2, NONE
          a fresh line joins no group when overdue,     1,      0,   0,      2, true,      2, NONE
          a worse suspect joins no group,               0,      0,   1,      2, false,     2, NONE
          nothing joins a suspect that runs alone,      1,      1,   1,      1, false,     0, NONE
          """)
  void what_may_start(
      String what,
      int fresh,
      int grouped,
      int lone,
      int running,
      boolean overdue,
      String group,
      Turn turn) {
    OptionalInt places =
        group.equals("-") ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(group));
    assertThat(Turn.next(new Turn.Traffic(fresh, grouped, lone, running, 16, overdue, places)))
        .as(what)
        .isEqualTo(turn);
  }
}

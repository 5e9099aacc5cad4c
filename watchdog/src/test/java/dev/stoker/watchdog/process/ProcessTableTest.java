package dev.stoker.watchdog.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import org.junit.jupiter.api.Test;

class ProcessTableTest {

  @Test
  void a_name_with_parentheses_and_spaces_shifts_no_field() {
    String[] fields = Collections.nCopies(50, "1").toArray(String[]::new);
    fields[0] = "Z"; // proc(5) numbers it 3
    fields[1] = "7";
    fields[3] = "9";
    fields[19] = "987654";
    fields[49] = "11";
    ProcessTable.Entry entry =
        ProcessTable.parse(42, "42 (a) R (b) c) " + String.join(" ", fields) + "\n");
    assertThat(entry).isEqualTo(new ProcessTable.Entry(42, 'Z', 7, 9, 987654, 11));
  }

  @Test
  void this_process_is_found_with_its_parent() {
    ProcessHandle self = ProcessHandle.current();
    ProcessTable.Entry entry = ProcessTable.find(self.pid()).orElseThrow();
    assertThat(entry.parent()).isEqualTo(self.parent().orElseThrow().pid());
    assertThat(ProcessTable.all()).contains(ProcessTable.find(1).orElseThrow());
  }
}

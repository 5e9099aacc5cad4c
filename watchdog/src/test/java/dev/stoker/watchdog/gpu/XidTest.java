package dev.stoker.watchdog.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class XidTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4,1,777,-;NVRM: Xid (PCI:0000:61:00): 79, pid=1234, GPU has fallen off the bus. | 0000:61:00 | 79 | pid=1234, GPU has fallen off the bus. | 777",
        "4,9,5000000,-;NVRM: Xid (PCI:0000:C1:00): 13, Graphics Exception | 0000:c1:00 | 13 | Graphics Exception | 5000000",
        "3,2,8,-,caller=T1;NVRM: Xid (PCI:00000001:01:00): 154, GPU recovery action changed | 00000001:01:00 | 154 | GPU recovery action changed | 8",
        "3,2,8,c;NVRM: Xid (PCI:0000:61:00.0): 45 | 0000:61:00 | 45 | '' | 8",
      })
  void an_error_of_the_driver_is_found(
      String record, String bus, int number, String detail, long at) {
    assertThat(Xid.parse(record)).contains(new Xid(bus, number, detail, at));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " SUBSYSTEM=pci",
        "NVRM: Xid (PCI:0000:61:00): 79, without a record's head",
        "6,1,7,-;NVRM: loading NVIDIA UNIX x86_64 Kernel Module",
        "6,1,7,-;somebody says NVRM: Xid (PCI:0000:61:00): 79",
        "6,1,7,-;NVRM: Xid (PCI:here): 79",
        "6,1,7,-;NVRM: Xid (PCI:0000:61:00): many",
      })
  void anything_else_is_none(String record) {
    assertThat(Xid.parse(record)).isEmpty();
  }

  @Test
  void the_log_is_known_up_to_its_newest_record_and_of_many_errors_the_newest() {
    List<String> records =
        IntStream.rangeClosed(1, 250)
            .mapToObj(i -> "4," + i + "," + i + ",-;NVRM: Xid (PCI:0000:61:00): 31, again")
            .toList();
    KernelMessages messages = KernelMessages.of(records);
    assertThat(messages.upToMicros()).isEqualTo(250);
    assertThat(messages.xids()).hasSize(100);
    assertThat(messages.xids().getLast().atMicros()).isEqualTo(250);
    assertThat(KernelMessages.of(List.of("6,1,7,-;usb", " A=b")))
        .isEqualTo(new KernelMessages(7, List.of()));
    assertThat(KernelMessages.of(List.of())).isEqualTo(KernelMessages.NONE);
  }
}

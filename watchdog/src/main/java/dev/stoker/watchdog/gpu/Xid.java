package dev.stoker.watchdog.gpu;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An error that the driver has written to the kernel's log.
 *
 * @param bus of the GPU, such as {@code 0000:61:00}
 * @param number NVIDIA's catalogue number
 * @param detail the rest of its line
 * @param atMicros by the kernel log's clock
 */
public record Xid(String bus, int number, String detail, long atMicros) {

  /** A record of {@code /dev/kmsg}: priority, sequence, microseconds, flags; then the text. */
  private static final Pattern RECORD = Pattern.compile("\\d+,\\d+,(\\d+),[^;]*;(.*)");

  private static final Pattern XID =
      Pattern.compile(
          "NVRM: Xid \\(PCI:([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2})(?:\\.\\d)?\\): (\\d{1,6})(?:, (.*))?");

  /** The microseconds of a record of the kernel's log; empty for what is none. */
  static Optional<Long> time(String line) {
    Matcher record = RECORD.matcher(line);
    return record.matches() ? Optional.of(Long.parseLong(record.group(1))) : Optional.empty();
  }

  /** The error that a record of the kernel's log tells of, if it does. */
  static Optional<Xid> parse(String line) {
    Matcher record = RECORD.matcher(line);
    if (!record.matches()) {
      return Optional.empty();
    }
    Matcher xid = XID.matcher(record.group(2));
    return xid.lookingAt()
        ? Optional.of(
            new Xid(
                xid.group(1).toLowerCase(Locale.ROOT),
                Integer.parseInt(xid.group(2)),
                Optional.ofNullable(xid.group(3)).orElse(""),
                Long.parseLong(record.group(1))))
        : Optional.empty();
  }
}

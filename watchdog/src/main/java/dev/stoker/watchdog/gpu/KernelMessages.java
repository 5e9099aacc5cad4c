package dev.stoker.watchdog.gpu;

import java.util.ArrayList;
import java.util.List;

/**
 * What the kernel's log says of GPUs.
 *
 * @param upToMicros of the newest record, by the log's own clock; 0 if it cannot be read
 */
public record KernelMessages(long upToMicros, List<Xid> xids) {

  /** A broken card fills the log; its newest words are enough. */
  private static final int XIDS_MAX = 100;

  public static final KernelMessages NONE = new KernelMessages(0, List.of());

  static KernelMessages of(List<String> records) {
    long upTo =
        records.stream().flatMap(line -> Xid.time(line).stream()).max(Long::compare).orElse(0L);
    List<Xid> xids =
        new ArrayList<>(records.stream().flatMap(line -> Xid.parse(line).stream()).toList());
    return new KernelMessages(
        upTo, List.copyOf(xids.subList(Math.max(0, xids.size() - XIDS_MAX), xids.size())));
  }
}

package dev.stoker.api.files;

import dev.stoker.file.FileId;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/**
 * Stores the parts of one upload in groups, while the next ones are being cut. One group is under
 * way at a time, so that memory stays bounded whatever the database takes.
 */
final class PartWriter implements Consumer<Part>, AutoCloseable {
  private static final int GROUP_BYTES = 4 << 20;

  private final FileId file;
  private final FilePartTable table;
  private final java.util.concurrent.ExecutorService writer =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("part-writer").factory());
  private final Queue<byte[]> spares = new ConcurrentLinkedQueue<>();
  private List<Part> group = new ArrayList<>();
  private long groupBytes;
  private FutureTask<Void> underWay = done();

  PartWriter(FileId file, FilePartTable table) {
    this.file = file;
    this.table = table;
  }

  /**
   * Buffers of parts that are stored, so that an upload needs no more of them than it has under
   * way.
   */
  Queue<byte[]> spares() {
    return spares;
  }

  @Override
  public void accept(Part part) {
    group.add(part);
    groupBytes += part.content().array().length; // which is what it holds
    if (groupBytes >= GROUP_BYTES) {
      send();
    }
  }

  /** Stores what is left and waits until everything is safe. */
  void finish() {
    if (!group.isEmpty()) {
      send();
    }
    Awaited.of(underWay);
  }

  @Override
  public void close() {
    writer.close();
  }

  private void send() {
    Awaited.of(underWay);
    List<Part> parts = group;
    group = new ArrayList<>();
    groupBytes = 0;
    underWay = new FutureTask<>(() -> store(parts), null);
    writer.execute(underWay);
  }

  private void store(List<Part> parts) {
    table.insert(file, parts);
    parts.stream()
        .map(part -> part.content().array())
        .filter(buffer -> buffer.length >= PartCutter.BUFFER_BYTES_MIN)
        .forEach(spares::add);
  }

  private static FutureTask<Void> done() {
    FutureTask<Void> task = new FutureTask<>(() -> {}, null);
    task.run();
    return task;
  }
}

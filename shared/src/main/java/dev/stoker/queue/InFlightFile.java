package dev.stoker.queue;

import dev.stoker.batch.BatchId;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Which lines a worker's engine has at this moment: a small file in memory that outlives the worker
 * and that its watchdog reads after its death. Writing it can neither block nor fail. Safe for use
 * by many threads.
 */
public final class InFlightFile {

  /**
   * What the file of a dead worker says.
   *
   * @param answered how many requests its engine had answered
   * @param lines those that it had not
   */
  public record Reading(long incarnation, long answered, Set<LineKey> lines) {

    /** Whether any line was in flight. */
    public boolean anything() {
      return !lines.isEmpty();
    }
  }

  /** The place of one line that is in flight. */
  public final class Entry {
    private final int at;

    private Entry(int at) {
      this.at = at;
    }

    /** The engine has the line no more; to be told once. */
    public void leave(boolean answered) {
      put(at + LINE_AT, 0);
      if (answered) {
        LONG.getAndAdd(file, ANSWERED_AT, 1L);
      }
      free.add(this);
    }
  }

  private static final long MAGIC = 0x53746f6b65722d32L; // Stoker-2
  private static final int MAGIC_AT = 0;
  private static final int INCARNATION_AT = 8;
  private static final int ANSWERED_AT = 16;
  private static final int HEADER_BYTES = 64;

  /** Of an entry. Its line is written last and cleared first: no line is named by halves. */
  private static final int LINE_AT = 0;

  private static final int BATCH_HIGH_AT = 8;
  private static final int BATCH_LOW_AT = 16;
  private static final int ENTRY_BYTES = 32;

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final ByteBuffer file;
  private final Queue<Entry> free = new ConcurrentLinkedQueue<>();

  private InFlightFile(ByteBuffer file, int lines) {
    this.file = file;
    for (int i = 0; i < lines; i++) {
      free.add(new Entry(HEADER_BYTES + i * ENTRY_BYTES));
    }
  }

  /**
   * Makes the file anew for a process. It must lie in memory: a disk could make a line wait.
   *
   * @param lines how many may be in flight at once
   */
  public static InFlightFile create(Path path, long incarnation, int lines) throws IOException {
    Files.deleteIfExists(path); // a predecessor that still lives writes into its own
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      InFlightFile made = new InFlightFile(channel.map(MapMode.READ_WRITE, 0, bytes(lines)), lines);
      made.put(INCARNATION_AT, incarnation);
      made.put(MAGIC_AT, MAGIC);
      return made;
    }
  }

  /** For a worker whom nobody watches: it is written, and nobody can read it. */
  public static InFlightFile unread(int lines) {
    return new InFlightFile(ByteBuffer.allocateDirect(bytes(lines)), lines);
  }

  /** The engine is about to get a line. There must be room for it. */
  public Entry enter(LineKey line) {
    Entry entry = free.remove();
    UUID batch = line.batch().value();
    put(entry.at + BATCH_HIGH_AT, batch.getMostSignificantBits());
    put(entry.at + BATCH_LOW_AT, batch.getLeastSignificantBits());
    put(entry.at + LINE_AT, line.line());
    return entry;
  }

  /** What a dead worker left; empty if it left nothing, or it cannot be read. */
  public static Optional<Reading> read(Path path) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (IOException e) {
      return Optional.empty();
    }
    ByteBuffer read = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    if (bytes.length < HEADER_BYTES || read.getLong(MAGIC_AT) != MAGIC) {
      return Optional.empty();
    }
    return Optional.of(
        new Reading(read.getLong(INCARNATION_AT), read.getLong(ANSWERED_AT), lines(read)));
  }

  private static Set<LineKey> lines(ByteBuffer read) {
    Set<LineKey> lines = new LinkedHashSet<>();
    for (int at = HEADER_BYTES; at + ENTRY_BYTES <= read.limit(); at += ENTRY_BYTES) {
      int line = (int) read.getLong(at + LINE_AT);
      if (line > 0) {
        UUID batch = new UUID(read.getLong(at + BATCH_HIGH_AT), read.getLong(at + BATCH_LOW_AT));
        lines.add(new LineKey(new BatchId(batch), line));
      }
    }
    return Set.copyOf(lines);
  }

  private static int bytes(int lines) {
    return HEADER_BYTES + lines * ENTRY_BYTES;
  }

  private void put(int at, long value) {
    LONG.setVolatile(file, at, value);
  }
}

package dev.stoker.health;

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
import java.util.Optional;

/**
 * A worker's sign of life that needs no database: a small file in memory that its watchdog reads.
 * Writing it can neither block nor fail. It proves life only by changing; what it says of time is
 * told by the reader's clock.
 */
public final class LocalBeat {

  /**
   * What the file said at one moment.
   *
   * @param beats grows by one with each beat
   * @param engineSteps as in {@link Beat}
   */
  public record Reading(
      long incarnation, long pid, long beats, long engineSteps, int inFlight, boolean starting) {}

  private static final long MAGIC = 0x53746f6b65722d31L; // Stoker-1
  private static final int BYTES = 64;
  private static final int MAGIC_AT = 0;
  private static final int INCARNATION_AT = 8;
  private static final int PID_AT = 16;
  private static final int BEATS_AT = 24;
  private static final int STEPS_AT = 32;
  private static final int IN_FLIGHT_AT = 40;
  private static final int STARTING_AT = 48;

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final ByteBuffer file;
  private long beats;

  private LocalBeat(ByteBuffer file) {
    this.file = file;
  }

  /** Makes the file anew for a process. It must lie in memory: a disk could make a beat wait. */
  public static LocalBeat create(Path path, long incarnation, long pid) throws IOException {
    Files.deleteIfExists(path); // a predecessor that still lives writes into its own
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ByteBuffer mapped = channel.map(MapMode.READ_WRITE, 0, BYTES).order(ByteOrder.nativeOrder());
      LocalBeat beat = new LocalBeat(mapped);
      beat.put(INCARNATION_AT, incarnation);
      beat.put(PID_AT, pid);
      beat.put(STARTING_AT, 1);
      beat.put(MAGIC_AT, MAGIC);
      return beat;
    }
  }

  /** Shows life; by one thread. */
  public void beat(long engineSteps, int inFlight, boolean starting) {
    beats++;
    put(STEPS_AT, engineSteps);
    put(IN_FLIGHT_AT, inFlight);
    put(STARTING_AT, starting ? 1 : 0);
    put(BEATS_AT, beats);
  }

  /** What a worker last showed; empty if it never did, or cannot be read. */
  public static Optional<Reading> read(Path path) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (IOException e) {
      return Optional.empty();
    }
    ByteBuffer read = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    if (bytes.length != BYTES || read.getLong(MAGIC_AT) != MAGIC) {
      return Optional.empty();
    }
    return Optional.of(
        new Reading(
            read.getLong(INCARNATION_AT),
            read.getLong(PID_AT),
            read.getLong(BEATS_AT),
            read.getLong(STEPS_AT),
            (int) read.getLong(IN_FLIGHT_AT),
            read.getLong(STARTING_AT) != 0));
  }

  private void put(int at, long value) {
    LONG.setVolatile(file, at, value);
  }
}

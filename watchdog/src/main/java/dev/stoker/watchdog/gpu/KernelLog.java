package dev.stoker.watchdog.gpu;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The kernel's log, read to its end without waiting for more; the JDK can only wait. */
final class KernelLog {

  private static final int O_NONBLOCK = 0x800;
  private static final int EPIPE = 32;

  /** The kernel hands out one record at a time, and none that is longer. */
  private static final int RECORD_BYTES_MAX = 8192;

  private static final int READS_MAX = 1_000_000;

  static {
    Native.register(KernelLog.class, NativeLibrary.getInstance("c"));
  }

  private KernelLog() {}

  private static native int open(String path, int flags) throws LastErrorException;

  private static native NativeLong read(int descriptor, Pointer buffer, NativeLong length)
      throws LastErrorException;

  private static native int close(int descriptor) throws LastErrorException;

  /** Nothing, where reading is not permitted. */
  static KernelMessages read(Path log) {
    int descriptor;
    try {
      descriptor = open(log.toString(), O_NONBLOCK);
    } catch (LastErrorException e) {
      return KernelMessages.NONE;
    }
    try (Memory buffer = new Memory(RECORD_BYTES_MAX)) {
      return KernelMessages.of(records(descriptor, buffer));
    } finally {
      close(descriptor);
    }
  }

  private static List<String> records(int descriptor, Memory buffer) {
    StringBuilder text = new StringBuilder();
    for (int reads = 0; reads < READS_MAX; reads++) {
      try {
        int length = read(descriptor, buffer, new NativeLong(buffer.size())).intValue();
        if (length <= 0) {
          break;
        }
        text.append(new String(buffer.getByteArray(0, length), UTF_8));
      } catch (LastErrorException e) {
        if (e.getErrorCode() != EPIPE) { // records were overwritten meanwhile: read on
          break; // EAGAIN: that was the newest
        }
      }
    }
    return new ArrayList<>(text.toString().lines().toList());
  }
}

package dev.stoker.watchdog.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The few system calls that the JDK lacks. A process is held by a file descriptor: unlike a pid it
 * never comes to mean another process.
 */
final class Kernel {

  static final int SIGQUIT = 3;
  static final int SIGKILL = 9;
  static final int SIGTERM = 15;
  static final int SIGCONT = 18;

  // The same on x86-64 and arm64; the C library of older systems has no wrappers.
  private static final long PIDFD_SEND_SIGNAL = 424;
  private static final long PIDFD_OPEN = 434;

  private static final long PIDFD_GET_INFO = 0xc040ff0bL;
  private static final long PIDFD_INFO_EXIT = 1 << 3;
  private static final int PIDFD_INFO_BYTES = 64;
  private static final int PIDFD_INFO_EXIT_STATUS = 60;

  private static final int POLL_BYTES = 8;
  private static final short POLLIN = 1;
  private static final int EINTR = 4;

  /** No such process; or a thread of another, or one that is being taken apart. */
  private static final Set<Integer> NO_PROCESS =
      Set.of(/* ESRCH */ 3, /* ENOENT */ 2, /* EINVAL */ 22);

  static {
    Native.register(Kernel.class, NativeLibrary.getInstance("c"));
  }

  private Kernel() {}

  /** Variadic in C; fixed long arguments are passed alike on the platforms named above. */
  private static native long syscall(long number, long a, long b, long c, long d, long e, long f)
      throws LastErrorException;

  private static native int poll(Pointer descriptors, NativeLong count, int timeoutMillis)
      throws LastErrorException;

  private static native int ioctl(int descriptor, NativeLong request, Pointer argument)
      throws LastErrorException;

  private static native int kill(int pid, int signal) throws LastErrorException;

  private static native int close(int descriptor) throws LastErrorException;

  /**
   * A descriptor of the process that has this pid now; empty if there is none. The caller must
   * compare start times afterwards, and close it.
   *
   * @throws UncheckedIOException when nobody can say, as when this process has no descriptor left
   */
  static OptionalInt open(long pid) {
    try {
      return OptionalInt.of((int) syscall(PIDFD_OPEN, pid, 0, 0, 0, 0, 0));
    } catch (LastErrorException e) {
      if (NO_PROCESS.contains(e.getErrorCode())) {
        return OptionalInt.empty();
      }
      throw new UncheckedIOException(
          new IOException("Process " + pid + " cannot be held: " + e.getMessage(), e));
    }
  }

  /**
   * Waits for the whole process, every thread of it, to be dead.
   *
   * @param timeoutMillis 0 only looks, -1 waits for ever
   */
  static boolean dead(int descriptor, int timeoutMillis) {
    try (Memory polled = new Memory(POLL_BYTES)) {
      polled.setInt(0, descriptor);
      polled.setShort(4, POLLIN);
      polled.setShort(6, (short) 0);
      while (true) {
        try {
          return poll(polled, new NativeLong(1), timeoutMillis) > 0;
        } catch (LastErrorException e) {
          if (e.getErrorCode() != EINTR) {
            throw e;
          }
        }
      }
    }
  }

  /**
   * Kills a child of this process, also when there is no descriptor left to hold it by. The JDK may
   * reap it at any moment: only for one that has just been started.
   */
  static void killNewborn(long pid) {
    try {
      kill((int) pid, SIGKILL);
    } catch (LastErrorException e) {
      return; // it has gone
    }
  }

  /**
   * @return false if the process is dead already
   */
  static boolean signal(int descriptor, int signal) {
    try {
      syscall(PIDFD_SEND_SIGNAL, descriptor, signal, 0, 0, 0, 0);
      return true;
    } catch (LastErrorException e) {
      return false;
    }
  }

  /** How a process ended that has been reaped; needs Linux 6.15, empty before. */
  static Optional<ExitStatus> exitStatus(int descriptor) {
    try (Memory info = new Memory(PIDFD_INFO_BYTES)) {
      info.clear();
      info.setLong(0, PIDFD_INFO_EXIT);
      ioctl(descriptor, new NativeLong(PIDFD_GET_INFO), info);
      return (info.getLong(0) & PIDFD_INFO_EXIT) == 0
          ? Optional.empty()
          : Optional.of(ExitStatus.ofWaitStatus(info.getInt(PIDFD_INFO_EXIT_STATUS)));
    } catch (LastErrorException e) {
      return Optional.empty();
    }
  }

  static void release(int descriptor) {
    close(descriptor);
  }
}

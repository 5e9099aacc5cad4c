package dev.stoker.service;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A datagram socket to the service manager. The JDK has none of this family; systemd's own library
 * is slower and not everywhere.
 */
final class NotifySocket {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;

  /** What the kernel's structure has room for. */
  private static final int ADDRESS_BYTES_MAX = 108;

  static {
    Native.register(NotifySocket.class, NativeLibrary.getInstance("c"));
  }

  private final int descriptor;
  private final byte[] address;

  private static native int socket(int family, int type, int protocol) throws LastErrorException;

  private static native NativeLong sendto(
      int descriptor, byte[] message, NativeLong bytes, int flags, byte[] address, int addressBytes)
      throws LastErrorException;

  /**
   * @param name a path, or after an {@code @} a name outside of the file system
   * @throws LastErrorException if the kernel gives no socket
   * @throws LinkageError if native code cannot be called
   */
  NotifySocket(String name) {
    address = address(name);
    descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }

  /**
   * Never waits, be the receiver's queue full or the receiver gone.
   *
   * @return whether it has been taken
   */
  boolean send(String message) {
    byte[] bytes = message.getBytes(UTF_8);
    try {
      int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      NativeLong count = new NativeLong(bytes.length);
      return sendto(descriptor, bytes, count, flags, address, address.length).intValue() >= 0;
    } catch (LastErrorException e) {
      return false;
    }
  }

  private static byte[] address(String name) {
    byte[] path = name.getBytes(UTF_8);
    if (path.length > ADDRESS_BYTES_MAX) {
      throw new IllegalArgumentException("no socket can have a name of this length: " + name);
    }
    if (path[0] == '@') {
      path[0] = 0;
    }
    return ByteBuffer.allocate(Short.BYTES + path.length)
        .order(ByteOrder.nativeOrder())
        .putShort((short) AF_UNIX)
        .put(path)
        .array();
  }
}

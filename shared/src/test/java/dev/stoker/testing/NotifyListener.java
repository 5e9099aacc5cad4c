package dev.stoker.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Plays the service manager: takes what processes tell it, when asked to. */
public final class NotifyListener implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int MSG_DONTWAIT = 0x40;

  static {
    Native.register(NotifyListener.class, NativeLibrary.getInstance("c"));
  }

  private final String name;
  private final int descriptor;

  private static native int socket(int family, int type, int protocol) throws LastErrorException;

  private static native int bind(int descriptor, byte[] address, int bytes)
      throws LastErrorException;

  private static native NativeLong recv(int descriptor, byte[] buffer, NativeLong bytes, int flags)
      throws LastErrorException;

  private static native int close(int descriptor) throws LastErrorException;

  /**
   * @param name what NOTIFY_SOCKET says: a path, or a name after an {@code @}
   */
  public NotifyListener(String name) {
    this.name = name;
    descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
    byte[] path = name.replace('@', '\0').getBytes(UTF_8);
    byte[] address =
        ByteBuffer.allocate(2 + path.length)
            .order(ByteOrder.nativeOrder())
            .putShort((short) AF_UNIX)
            .put(path)
            .array();
    bind(descriptor, address, address.length);
  }

  public String name() {
    return name;
  }

  /** What has come since it was last asked. */
  public List<String> received() {
    List<String> messages = new ArrayList<>();
    byte[] buffer = new byte[4096];
    while (true) {
      try {
        int bytes =
            recv(descriptor, buffer, new NativeLong(buffer.length), MSG_DONTWAIT).intValue();
        messages.add(new String(buffer, 0, bytes, UTF_8));
      } catch (LastErrorException e) {
        return messages; // EAGAIN: there is no more
      }
    }
  }

  @Override
  public void close() {
    close(descriptor);
  }
}

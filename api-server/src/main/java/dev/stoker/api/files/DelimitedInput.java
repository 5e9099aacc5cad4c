package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Bytes that arrive, cut at delimiters. The search is Horspool's: as a rule it looks at one byte in
 * as many as the delimiter has.
 */
final class DelimitedInput {
  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream input;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int head;
  private int tail;

  /**
   * @param before as if the input had begun with it
   */
  DelimitedInput(InputStream input, byte[] before) {
    this.input = input;
    this.tail = before.length;
    System.arraycopy(before, 0, buffer, 0, before.length);
  }

  /**
   * So many bytes, which stay where they are.
   *
   * @throws dev.stoker.api.error.ApiException if there are fewer
   */
  byte[] peek(int length) throws IOException {
    while (tail - head < length) {
      fill();
    }
    return Arrays.copyOfRange(buffer, head, head + length);
  }

  /** Passes over everything up to a delimiter, and the delimiter. */
  void skipPast(byte[] delimiter) throws IOException {
    Before before = new Before(delimiter);
    for (int there = before.await(BUFFER_BYTES); there > 0; there = before.await(BUFFER_BYTES)) {
      head += there;
    }
    head += delimiter.length;
  }

  /** The bytes before a delimiter, which is still there when they have been read. */
  InputStream until(byte[] delimiter) {
    return new Before(delimiter);
  }

  /** Only called when less is there than is needed. */
  private void fill() throws IOException {
    System.arraycopy(buffer, head, buffer, 0, tail - head);
    tail -= head;
    head = 0;
    int read = input.read(buffer, tail, buffer.length - tail);
    if (read < 0) {
      throw ApiErrors.brokenMultipart();
    }
    tail += read;
  }

  private final class Before extends InputStream {
    private final byte[] delimiter;
    private final int[] shifts = new int[256];

    Before(byte[] delimiter) {
      this.delimiter = delimiter;
      Arrays.fill(shifts, delimiter.length);
      for (int i = 0; i < delimiter.length - 1; i++) {
        shifts[delimiter[i] & 0xFF] = delimiter.length - 1 - i;
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      int there = await(length);
      System.arraycopy(buffer, head, into, offset, there);
      head += there;
      return there == 0 ? -1 : there;
    }

    /** How many bytes, up to a length, come before the delimiter; 0 if it is next itself. */
    private int await(int length) throws IOException {
      int there = find(length);
      while (there < 0) {
        fill();
        there = find(length);
      }
      return there;
    }

    /** The same of what has arrived; negative if that is too little to tell. */
    private int find(int length) {
      int limit = Math.min(head + length, tail - delimiter.length + 1);
      int at = head;
      while (at < limit && !delimiterAt(at)) {
        at += shifts[buffer[at + delimiter.length - 1] & 0xFF];
      }
      if (at < limit) {
        return at - head;
      }
      return limit > head ? limit - head : -1;
    }

    private boolean delimiterAt(int at) {
      return buffer[at + delimiter.length - 1] == delimiter[delimiter.length - 1]
          && Arrays.equals(buffer, at, at + delimiter.length, delimiter, 0, delimiter.length);
    }
  }
}

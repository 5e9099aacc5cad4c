package dev.stoker.api.files;

import dev.stoker.line.LineCheck;
import dev.stoker.line.LineVerdict;
import dev.stoker.line.PartLines;
import dev.stoker.line.RequestLine;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Cuts a stream of bytes into {@link Part}s at line ends, and judges each line on the way. It holds
 * one part, or one line if that is longer, and never more of a line than is allowed. A part is
 * handed over in the buffer that it arrived in.
 *
 * <p>The bytes are kept as they came: carriage returns, a byte order mark and blank lines are
 * passed over when lines are judged, not taken away.
 */
final class PartCutter {
  static final int REQUESTS_MAX = 256;
  static final int BYTES_MAX = 1 << 20;
  private static final int SLICE_BYTES = 1 << 16;
  static final int BUFFER_BYTES_MIN = 2 * SLICE_BYTES;

  private final LineCheck check;
  private final int lineBytesMax;
  private final Consumer<Part> parts;
  private final Queue<byte[]> spares;

  private byte[] buffer = new byte[BUFFER_BYTES_MIN];
  private int end;
  private int lineStart; // where the line begins whose end has not come yet
  private int line = 1; // its number
  private int partFirst = 1; // the line with which the buffer begins
  private boolean overlong; // the rest of a line that is too long is passing by
  private int ordinal;
  private int requests;
  private boolean unreadable;
  private Facts facts = new Facts();

  /**
   * @param spares buffers whose parts nobody needs any more
   */
  PartCutter(LineCheck check, int lineBytesMax, Consumer<Part> parts, Queue<byte[]> spares) {
    this.check = check;
    this.lineBytesMax = lineBytesMax;
    this.parts = parts;
    this.spares = spares;
  }

  void write(byte[] bytes, int offset, int length) {
    for (int done = 0; done < length; done += SLICE_BYTES) {
      writeSlice(bytes, offset + done, Math.min(SLICE_BYTES, length - done));
    }
  }

  /** Ends the last line, which may lack its line end, and the last part. */
  void end() {
    if (lineStart < end && !overlong) {
      judge(lineStart, end);
    }
    if (lineStart < end) {
      emit(end, line);
    } else if (end > 0) {
      emitWholeLines();
    }
  }

  /** How many lines are not blank. */
  int requests() {
    return requests;
  }

  /** Whether the first line that is not blank is no JSON at all. */
  boolean unreadable() {
    return unreadable;
  }

  private void writeSlice(byte[] bytes, int offset, int length) {
    if (end + length > buffer.length) {
      int grown = buffer.length < BYTES_MAX ? 0 : 2 * buffer.length; // a long line may be very long
      buffer = Arrays.copyOf(buffer, Math.max(roundUp(end + length), grown));
    }
    System.arraycopy(bytes, offset, buffer, end, length);
    int scan = end;
    end += length;
    for (int feed = find(scan); feed >= 0; feed = find(scan)) {
      scan = endLine(feed + 1);
    }
    boundWhatWaits();
  }

  private int find(int from) {
    for (int i = from; i < end; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /**
   * Ends the line that waits, and the part if it is full.
   *
   * @param next where the next line begins
   * @return the same, after what was emitted has moved away
   */
  private int endLine(int next) {
    int start = next;
    if (overlong) {
      overlong = false;
      start -= emit(start, line);
    } else {
      if (lineStart > 0 && start > BYTES_MAX) {
        start -= emitWholeLines();
      }
      judge(lineStart, start - 1);
    }
    lineStart = start;
    line = Math.incrementExact(line);
    if (start == 0) {
      partFirst = line;
    } else if (facts.requests == REQUESTS_MAX || start >= BYTES_MAX) {
      start -= emitWholeLines();
    }
    return start;
  }

  private void boundWhatWaits() {
    if (overlong) {
      if (end >= BYTES_MAX) {
        emit(end, line);
      }
    } else if (end - lineStart > lineBytesMax) {
      emitWholeLines();
      fault();
      emit(end, line);
      overlong = true;
    } else if (end > BYTES_MAX) {
      emitWholeLines();
    }
  }

  private void judge(int from, int to) {
    int start = line == 1 ? PartLines.afterMark(buffer, from, to) : from;
    if (to - from > lineBytesMax) {
      fault();
    } else if (!PartLines.blank(buffer, start, to)) {
      switch (check.check(buffer, start, to - start)) {
        case LineVerdict.Valid(RequestLine request) -> valid(request);
        case LineVerdict.Faulty _ -> {
          fault();
          unreadable |= requests == 1 && !JsonText.is(buffer, start, to - start);
        }
      }
    }
  }

  private void valid(RequestLine request) {
    requests = Math.incrementExact(requests);
    facts.requests++;
    facts.urls.add(request.url());
    facts.models.merge(request.model(), 1, Integer::sum);
    facts.customIds.add(request.customIdDigest());
  }

  private void fault() {
    requests = Math.incrementExact(requests);
    facts.requests++;
    facts.faults++;
  }

  private int emitWholeLines() {
    return lineStart == 0 ? 0 : emit(lineStart, line - 1);
  }

  /**
   * Hands over the bytes before {@code until} as a part and moves the rest to the front.
   *
   * @return by how much it moved
   */
  private int emit(int until, int lastLine) {
    ByteBuffer content = detach(until);
    lineStart = Math.max(0, lineStart - until);
    Part part = facts.part(ordinal++, partFirst, lastLine, content);
    facts = new Facts();
    partFirst = line;
    parts.accept(part);
    return until;
  }

  /** A small part is copied: it would hold its whole buffer while it waits to be stored. */
  private ByteBuffer detach(int until) {
    byte[] full = buffer;
    int rest = end - until;
    boolean small = until < SLICE_BYTES;
    if (!small || full.length > 2 * BYTES_MAX) {
      buffer = another(until, rest);
    }
    ByteBuffer content =
        small ? ByteBuffer.wrap(Arrays.copyOf(full, until)) : ByteBuffer.wrap(full, 0, until);
    System.arraycopy(full, until, buffer, 0, rest);
    end = rest;
    return content;
  }

  /** A buffer as the parts of this file need it, if the last is like the next. */
  private byte[] another(int last, int rest) {
    int wanted = Math.max(roundUp(Math.max(last, rest)) + SLICE_BYTES, BUFFER_BYTES_MIN);
    byte[] spare = spares.poll();
    return spare != null && spare.length >= rest && like(spare.length, wanted)
        ? spare
        : new byte[wanted];
  }

  private static boolean like(int bytes, int wanted) {
    return bytes >= wanted / 2 && bytes <= 2 * wanted;
  }

  private static int roundUp(int bytes) {
    return Math.ceilDiv(bytes, SLICE_BYTES) * SLICE_BYTES;
  }

  /** What is known of the lines of the part that is being filled. */
  private static final class Facts {
    private int requests;
    private int faults;
    private final Set<String> urls = new LinkedHashSet<>();
    private final Map<String, Integer> models = new LinkedHashMap<>();
    private final List<UUID> customIds = new ArrayList<>();

    Part part(int ordinal, int firstLine, int lastLine, ByteBuffer content) {
      return new Part(
          ordinal,
          firstLine,
          lastLine,
          requests,
          faults,
          List.copyOf(urls),
          models.entrySet().stream()
              .map(e -> new Part.ModelLines(e.getKey(), e.getValue()))
              .toList(),
          List.copyOf(customIds),
          content);
    }
  }
}

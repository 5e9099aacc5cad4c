package dev.stoker.api.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.line.LineCheck;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartCutterTest {
  private static final int LINE_MAX = 5_000;

  private final List<Part> parts = new ArrayList<>();
  private final Queue<byte[]> spares = new ArrayDeque<>();
  private final PartCutter cutter = new PartCutter(new LineCheck(), LINE_MAX, parts::add, spares);

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "one line                  | L\\n             | 1-1 1/0",
        "no last line end          | L                | 1-1 1/0",
        "two                       | L\\nL            | 1-2 2/0",
        "carriage returns          | L\\r\\nL\\r\\n   | 1-2 2/0",
        "a byte order mark         | BL\\n            | 1-1 1/0",
        "a mark on the second line | L\\nBL\\n        | 1-2 2/0",
        "blank lines               | \\n\\nL\\n \\n\\r\\nL\\n | 1-6 2/0",
        "nothing but blank lines   | \\n\\n           | 1-2 0/0",
        "nothing but a mark        | B\\n             | 1-1 0/0",
        "a fault                   | L\\n{}\\nL\\n    | 1-3 3/1",
        "too long                  | L\\nX\\nL\\n     | 1-1 1/0; 2-2 1/1; 2-2 0/0; 3-3 1/0",
        "too long at the end       | L\\nX            | 1-1 1/0; 2-2 1/1; 2-2 0/0",
      })
  void what_is_known_of(String name, String content, String known) {
    cut(content.replace("\\n", "\n").replace("\\r", "\r"), 7);
    assertThat(name).isNotEmpty();
    assertThat(facts()).isEqualTo(known);
  }

  private void cut(String pattern, int chunk) {
    String text =
        pattern
            .replace("L", line(0))
            .replace("X", "x".repeat(LINE_MAX + 50))
            .replace("B", "\uFEFF");
    write(text.getBytes(StandardCharsets.UTF_8), chunk);
  }

  private void write(byte[] bytes, int chunk) {
    for (int i = 0; i < bytes.length; i += chunk) {
      cutter.write(bytes, i, Math.min(chunk, bytes.length - i));
    }
    cutter.end();
  }

  private String facts() {
    List<String> facts = new ArrayList<>();
    for (Part part : parts) {
      facts.add(
          part.firstLine() + "-" + part.lastLine() + " " + part.requests() + "/" + part.faults());
    }
    return String.join("; ", facts);
  }

  private static String line(int n) {
    return "{\"custom_id\":\"c"
        + n
        + "\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"m"
        + n % 3
        + "\",\"input\":\"x\"}}";
  }

  @Test
  void an_empty_file_has_no_parts() {
    cut("", 1);
    assertThat(parts).isEmpty();
    assertThat(cutter.requests()).isZero();
    assertThat(cutter.unreadable()).isFalse();
  }

  @Test
  void a_part_holds_256_requests_and_the_blank_lines_between_them() {
    String lines = String.join("\n\n", IntStream.range(0, 300).mapToObj(n -> line(n)).toList());
    write(lines.getBytes(StandardCharsets.UTF_8), 1000);
    assertThat(facts()).isEqualTo("1-511 256/0; 512-599 44/0");
    assertThat(parts.getFirst().customIds()).hasSize(256).doesNotHaveDuplicates();
    assertThat(parts.getFirst().models())
        .containsExactly(
            new Part.ModelLines("m0", 86),
            new Part.ModelLines("m1", 85),
            new Part.ModelLines("m2", 85));
    assertThat(parts.getFirst().urls()).containsExactly("/v1/embeddings");
    assertThat(cutter.requests()).isEqualTo(300);
  }

  @Test
  void a_part_holds_a_mebibyte() {
    String fat = "{" + " ".repeat(4_000) + "}\n";
    write(fat.repeat(600).getBytes(StandardCharsets.UTF_8), 9_999);
    assertThat(parts).hasSizeGreaterThan(2);
    assertThat(parts)
        .allSatisfy(part -> assertThat(part.content().remaining()).isLessThan(1 << 20));
  }

  @Test
  void a_line_that_is_too_long_is_never_held_whole() {
    byte[] endless = "y".repeat(5 << 20).getBytes(StandardCharsets.UTF_8);
    write(endless, 64 << 10);
    assertThat(parts).hasSizeGreaterThan(3);
    assertThat(parts)
        .allSatisfy(
            part -> assertThat(part.content().remaining()).isLessThan((1 << 20) + (128 << 10)));
    assertThat(parts.getFirst().requests()).isEqualTo(1);
    assertThat(parts.stream().skip(1).mapToInt(Part::requests).sum()).isZero();
    assertThat(parts).allSatisfy(part -> assertThat(part.lastLine()).isEqualTo(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hello\\n|true",
        "{}\\n|false",
        "12\\n|false",
        "{\"a\":\\n|true",
        "\\n\\nhello|true",
        "L\\nhello|false"
      })
  void the_first_line_tells_whether_it_is_json(String content, boolean unreadable) {
    cut(content.replace("\\n", "\n"), 3);
    assertThat(cutter.unreadable()).isEqualTo(unreadable);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void however_it_arrives_no_byte_is_lost_and_no_line_is_counted_twice(long seed) {
    Random random = new Random(seed);
    String text = anything(random);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; ) {
      int chunk = Math.min(bytes.length - i, 1 + random.nextInt(200_000));
      cutter.write(bytes, i, chunk);
      i += chunk;
    }
    cutter.end();

    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    int last = 0;
    for (Part part : parts) {
      whole.writeBytes(bytes(part));
      assertThat(part.firstLine()).isIn(last, last + 1);
      last = part.lastLine();
      assertThat(part.requests()).isLessThanOrEqualTo(PartCutter.REQUESTS_MAX);
    }
    assertThat(whole.toByteArray()).isEqualTo(bytes);
    long lines = text.chars().filter(c -> c == '\n').count() + (text.endsWith("\n") ? 0 : 1);
    assertThat((long) last).isEqualTo(lines);
    assertThat((long) cutter.requests())
        .isEqualTo(text.lines().filter(line -> !line.isBlank()).count());
    assertThat(parts.stream().mapToInt(part -> part.customIds().size()).sum())
        .isEqualTo((int) text.lines().filter(line -> line.startsWith("{\"custom")).count());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void a_buffer_that_is_given_back_is_used_again_and_spoils_no_other(long seed) {
    Random random = new Random(seed);
    byte[] bytes =
        (line(0) + " ".repeat(1_500) + "\n").repeat(5_000).getBytes(StandardCharsets.UTF_8);
    List<Part> waiting = new ArrayList<>();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    Set<byte[]> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    Consumer<Part> store =
        part -> {
          whole.writeBytes(bytes(part));
          buffers.add(part.content().array());
          Arrays.fill(part.content().array(), (byte) 'z');
          spares.add(part.content().array());
        };
    PartCutter recycling =
        new PartCutter(
            new LineCheck(),
            LINE_MAX,
            part -> {
              waiting.add(part);
              if (waiting.size() == 3) {
                waiting.forEach(store);
                waiting.clear();
              }
            },
            spares);

    for (int i = 0; i < bytes.length; ) {
      int chunk = Math.min(bytes.length - i, 1 + random.nextInt(200_000));
      recycling.write(bytes, i, chunk);
      i += chunk;
    }
    recycling.end();
    waiting.forEach(store);

    assertThat(whole.toByteArray()).isEqualTo(bytes);
    assertThat(buffers).hasSizeLessThan(10);
  }

  @Test
  void one_long_line_does_not_make_an_upload_hold_more_than_it_has_under_way() {
    int lineMax = 8 << 20;
    Set<byte[]> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    PartCutter tolerant =
        new PartCutter(
            new LineCheck(),
            lineMax,
            part -> {
              buffers.add(part.content().array());
              assertThat(part.content().array().length)
                  .isLessThan(Math.max(2 * part.content().remaining(), 4 << 20));
              if (part.content().array().length >= PartCutter.BUFFER_BYTES_MIN) {
                spares.add(part.content().array());
              }
              assertThat(spares).hasSizeLessThan(3);
            },
            spares);
    byte[] bytes =
        ("{" + " ".repeat(3 << 20) + "}\n" + (line(0) + " ".repeat(1_500) + "\n").repeat(5_000))
            .getBytes(StandardCharsets.UTF_8);

    tolerant.write(bytes, 0, bytes.length);
    tolerant.end();

    assertThat(tolerant.requests()).isEqualTo(5_001);
    assertThat(buffers).hasSizeLessThan(6);
  }

  private static byte[] bytes(Part part) {
    byte[] bytes = new byte[part.content().remaining()];
    part.content().duplicate().get(bytes);
    return bytes;
  }

  private static String anything(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 3_000; i++) {
      text.append(
          switch (random.nextInt(8)) {
            case 0 -> "";
            case 1 -> "{\"a\":1}";
            case 2 -> "z".repeat(random.nextInt(2 * LINE_MAX));
            default -> line(i);
          });
      text.append(random.nextInt(50) == 0 ? "\r\n" : "\n");
    }
    return text.append(line(-1)).toString();
  }
}

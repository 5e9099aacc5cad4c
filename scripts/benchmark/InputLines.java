import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.IntFunction;

/** Input files of a certain size. */
final class InputLines {
  private static final long SEED = 20_261_122;
  private static final int WORDS = 150;
  private static final String[] VOCABULARY =
      ("the a of to and in is that it was for on are as with they at be this have from or one had"
           + " by word but not what all were we when your can said there use an each which she do"
           + " how their if will up other about out many then them these so some her would make"
           + " like him into time has look two more write go see number no way could people my than"
           + " first water been call who oil its now find long down day did get come made may part"
           + " furnace stoker coal \\\"ember\\\" caf\u00e9 \u706b\\n")
          .split(" ");

  private InputLines() {}

  /** Writes lines until there are so many bytes; how many lines they are. */
  static int write(Path file, long bytes, IntFunction<String> line) throws IOException {
    int lines = 0;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      for (long written = 0; written < bytes; lines++) {
        byte[] next = line.apply(lines + 1).getBytes(StandardCharsets.UTF_8);
        out.write(next);
        out.write('\n');
        written += next.length + 1;
      }
    }
    return lines;
  }

  /** Chat requests of about a kilobyte; the same in every run. */
  static IntFunction<String> chats() {
    Random random = new Random(SEED);
    return line -> {
      StringBuilder text = new StringBuilder();
      for (int word = 0; word < WORDS; word++) {
        text.append(VOCABULARY[random.nextInt(VOCABULARY.length)]).append(' ');
      }
      return """
      {"custom_id":"request-%d","method":"POST","url":"/v1/chat/completions","body":{"model":"null","messages":\
      [{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"%s"}],"max_tokens":256}}\
      """
          .formatted(line, text);
    };
  }
}

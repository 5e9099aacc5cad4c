package dev.stoker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Holds the README's table of settings to what the processes read. */
public final class ReadmeSettings {
  private ReadmeSettings() {}

  /** Fails unless the README has exactly the row that each key read so far calls for. */
  public static void lists(Settings settings) throws IOException {
    List<String> readme = Files.readAllLines(Path.of("..", "README.md"));
    assertThat(readme).containsAll(settings.described().stream().map(ReadmeSettings::row).toList());
  }

  private static String row(Settings.Described key) {
    String fallback = key.fallback().isEmpty() ? "" : "`" + key.fallback() + "`";
    return "| `" + key.key() + "` | " + fallback + " | " + key.meaning() + " |";
  }
}

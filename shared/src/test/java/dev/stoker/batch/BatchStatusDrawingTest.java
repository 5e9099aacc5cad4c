package dev.stoker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchStatusDrawingTest {
  @Test
  void the_readme_draws_every_arc_and_no_other() throws IOException {
    List<String> arcs =
        Arrays.stream(BatchStatus.values())
            .flatMap(
                from ->
                    from.successors().stream().map(to -> from.wireName() + " --> " + to.wireName()))
            .toList();

    List<String> drawn =
        Files.readAllLines(Path.of("..", "README.md")).stream()
            .map(String::strip)
            .filter(line -> line.contains(" --> ") && !line.startsWith("[*]"))
            .toList();

    assertThat(drawn).containsExactlyInAnyOrderElementsOf(arcs);
  }
}

package dev.stoker.worker.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineFilesTest {
  private static final Map<String, String> RESOURCES =
      Map.of("tokenizer.json", "all-minilm-l6-v2-tokenizer.json");

  @TempDir private Path root;
  private final AtomicInteger derivations = new AtomicInteger();

  @Test
  void files_are_unpacked_once() throws IOException {
    Path first = open();
    Path second = open();

    assertThat(second).isEqualTo(first);
    assertThat(derivations).hasValue(1);
    assertThat(first.resolve("tokenizer.json")).hasSize(711_661);
    assertThat(first.resolve("derived")).hasContent("made of it");
  }

  @Test
  void a_file_that_was_damaged_is_unpacked_again() throws IOException {
    Path file = open().resolve("tokenizer.json");
    byte[] good = Files.readAllBytes(file);
    byte[] bad = good.clone();
    bad[70_000] ^= 1;
    Files.write(file, bad);

    assertThat(open().resolve("tokenizer.json")).hasBinaryContent(good);
    assertThat(derivations).hasValue(2);
  }

  @Test
  void a_file_that_is_missing_is_unpacked_again() throws IOException {
    Files.delete(open().resolve("derived"));

    assertThat(open().resolve("derived")).exists();
  }

  @Test
  void a_failure_leaves_nothing_behind() throws IOException {
    assertThatThrownBy(
            () ->
                EngineFiles.open(
                    root,
                    "engine",
                    RESOURCES,
                    _ -> {
                      throw new IOException("no space left");
                    }))
        .hasMessage("no space left");

    assertThat(entries()).isEmpty();
  }

  @Test
  void what_a_killed_process_left_half_done_is_removed() throws IOException {
    Path leftover = Files.createDirectory(root.resolve(".new.2147483646-1"));
    Files.writeString(leftover.resolve("model.onnx"), "half");
    Path atWork =
        Files.createDirectory(root.resolve(".new." + ProcessHandle.current().pid() + "-1"));

    open();

    assertThat(leftover).doesNotExist();
    assertThat(atWork).exists();
  }

  @Test
  void several_that_come_at_once_share_one_directory() throws Exception {
    Callable<Path> opening = this::open;
    try (var threads = Executors.newFixedThreadPool(4)) {
      List<Future<Path>> opened = threads.invokeAll(List.of(opening, opening, opening, opening));
      for (Future<Path> each : opened) {
        assertThat(each.get().resolve("tokenizer.json")).hasSize(711_661);
      }
    }

    assertThat(entries()).hasSize(1);
  }

  private Path open() throws IOException {
    return EngineFiles.open(
        root,
        "engine",
        RESOURCES,
        directory -> {
          derivations.incrementAndGet();
          Files.writeString(directory.resolve("derived"), "made of it");
        });
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> entries = Files.list(root)) {
      return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toList());
    }
  }
}

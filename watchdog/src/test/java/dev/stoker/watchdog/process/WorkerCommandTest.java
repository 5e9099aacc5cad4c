package dev.stoker.watchdog.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerCommandTest {

  @TempDir private Path directory;

  @Test
  void what_a_jvm_learnt_of_a_start_is_used_until_a_jar_is_newer() throws IOException {
    WorkerCommand command =
        WorkerCommand.from(
            new Settings(
                Map.of("STOKER_HOME", directory.toString(), "STOKER_WORKER_JAR", "worker.jar")));
    String option = "-XX:AOTCache=" + directory.resolve("worker.aot");
    Path library = Files.createDirectory(directory.resolve("lib")).resolve("shared.jar");
    file(directory.resolve("worker.jar"), 10);
    file(library, 10);
    assertThat(command.words()).doesNotContain(option).contains("-jar");

    file(directory.resolve("worker.aot"), 20);
    assertThat(command.words()).contains(option);

    file(library, 30);
    assertThat(command.words()).doesNotContain(option);
  }

  @Test
  void an_installation_that_sets_the_heap_sets_all_of_it() {
    assertThat(with("-XX:+UseZGC")).containsSubsequence("-Xms128m", "-XX:+UseZGC", "-jar");
    for (String own :
        List.of("-Xmx48m", "-XX:MaxHeapSize=48m", "-XX:MaxRAMPercentage=1", "@jvm.options")) {
      assertThat(with(own))
          .contains(own, "-XX:TrimNativeHeapInterval=10000")
          .doesNotContain("-Xms128m");
    }
  }

  private static List<String> with(String options) {
    return WorkerCommand.from(new Settings(Map.of("STOKER_WORKER_JAVA_OPTIONS", options))).words();
  }

  private static void file(Path path, long second) throws IOException {
    Files.writeString(path, "");
    Files.setLastModifiedTime(path, FileTime.fromMillis(1_000 * second));
  }
}

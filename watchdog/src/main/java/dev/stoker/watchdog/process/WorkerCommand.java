package dev.stoker.watchdog.process;

import dev.stoker.settings.Settings;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * How a worker is started.
 *
 * @param home its working directory
 */
public record WorkerCommand(List<String> words, Path home) {

  /** A worker without memory can do nothing well; its successor can. */
  private static final String DIE_WITHOUT_MEMORY = "-XX:+ExitOnOutOfMemoryError";

  /**
   * A heap grows with what lives in it, which is little, rather than to save collections: G1 adds
   * to a heap that it collects often, the sooner the smaller that is, so that a young generation of
   * a fixed size that is not soon full takes less memory in the end than a smaller one. An
   * installation that sets a heap sets all of it.
   */
  private static final List<String> SMALL_HEAP =
      List.of("-Xms128m", "-Xmn96m", "-XX:GCTimeRatio=1");

  /** What the compilers took beside the heap. */
  private static final String GIVE_BACK_MEMORY = "-XX:TrimNativeHeapInterval=10000";

  /** Options that set a heap, and files of options, which may. */
  private static final List<String> HEAPS =
      List.of("-Xmx", "-Xms", "-XX:MaxHeapSize=", "-XX:InitialHeapSize=", "-XX:MaxRAM", "@");

  private static final String LEARNT = "-XX:AOTCache=";

  public static WorkerCommand from(Settings settings) {
    Path home =
        settings.path("STOKER_HOME", Path.of("."), "the directory that Stoker is installed in");
    Path jar =
        home.resolve(
            settings.text(
                "STOKER_WORKER_JAR", "worker/target/worker.jar", "what the watchdog starts"));
    String options =
        settings.text("STOKER_WORKER_JAVA_OPTIONS", "", "for the worker's JVM, such as -Xmx4g");
    return settings
        .optional(
            "STOKER_WORKER_COMMAND",
            "starts the worker instead of its jar; words are separated by spaces")
        .map(command -> new WorkerCommand(words(command), home))
        .orElseGet(() -> new WorkerCommand(ofJar(jar, words(options)), home));
  }

  private static List<String> ofJar(Path jar, List<String> options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(DIE_WITHOUT_MEMORY);
    command.add(GIVE_BACK_MEMORY);
    if (options.stream().noneMatch(option -> HEAPS.stream().anyMatch(option::startsWith))) {
      // A heap that may not grow to where it starts would keep the JVM from starting.
      command.addAll(SMALL_HEAP);
    }
    command.addAll(startCache(jar));
    command.addAll(options);
    command.add("-jar");
    command.add(jar.toString());
    return List.copyOf(command);
  }

  /**
   * The command as it is right now: what a JVM learnt of an earlier start is left out once a jar is
   * newer, since the JVM itself does not always notice and would then run what is no longer there.
   */
  @Override
  public List<String> words() {
    return words.stream().filter(word -> !word.startsWith(LEARNT) || isCurrent(word)).toList();
  }

  private static List<String> startCache(Path jar) {
    String name = jar.getFileName().toString();
    Path cache = jar.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ".aot");
    return List.of(LEARNT + cache, "-Xlog:aot=off", "-Xlog:cds=off");
  }

  private static boolean isCurrent(String word) {
    File cache = new File(word.substring(LEARNT.length()));
    String name = cache.getName();
    File jar = new File(cache.getParentFile(), name.substring(0, name.lastIndexOf('.')) + ".jar");
    File[] libraries = new File(cache.getParentFile(), "lib").listFiles();
    return Stream.concat(Stream.of(jar), Stream.of(libraries == null ? new File[0] : libraries))
        .allMatch(file -> file.lastModified() < cache.lastModified());
  }

  private static List<String> words(String text) {
    return List.of(text.strip().split("\\s+")).stream().filter(word -> !word.isEmpty()).toList();
  }
}

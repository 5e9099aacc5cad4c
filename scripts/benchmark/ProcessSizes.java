import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The memory of an installation's processes, in megabytes of 1,000,000 bytes. */
final class ProcessSizes {
  private static final double KIBIBYTES_A_MEGABYTE = 1e6 / 1024;
  private static final Pattern RESIDENT = Pattern.compile("^VmRSS:\\s+(\\d+) kB", Pattern.MULTILINE);
  private static final Pattern PROPORTIONAL =
      Pattern.compile("^Pss:\\s+(\\d+) kB", Pattern.MULTILINE);

  private final Path data;

  /**
   * @param data the installation's data directory
   */
  ProcessSizes(Path data) {
    this.data = data;
  }

  /** By the name of a component: its resident memory; of PostgreSQL and its backends their share. */
  Map<String, Double> now() throws IOException {
    Map<String, Double> sizes = new TreeMap<>();
    for (String component : List.of("api_server", "watchdog", "worker")) {
      sizes.put(component, size(pid(data.resolve("run/" + component + ".pid")), "status", RESIDENT));
    }
    long server = pid(data.resolve("postgres/postmaster.pid"));
    try (Stream<ProcessHandle> backends = ProcessHandle.of(server).orElseThrow().children()) {
      sizes.put(
          "postgres",
          size(server, "smaps_rollup", PROPORTIONAL)
              + backends.mapToDouble(it -> size(it.pid(), "smaps_rollup", PROPORTIONAL)).sum());
    }
    return sizes;
  }

  /** Nothing of a process that has ended. */
  private static double size(long pid, String file, Pattern line) {
    try {
      Matcher matcher = line.matcher(Files.readString(Path.of("/proc", Long.toString(pid), file)));
      return matcher.find() ? Long.parseLong(matcher.group(1)) / KIBIBYTES_A_MEGABYTE : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  private static long pid(Path file) throws IOException {
    return Long.parseLong(Files.readString(file).strip().split("\\s", -1)[0]);
  }
}

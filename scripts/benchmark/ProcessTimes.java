import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The processor time of an installation's processes, and of this one, which is their client. */
final class ProcessTimes {
  private static final double TICKS_PER_SECOND = 100;

  /** Places of /proc/PID/stat after the command's name: see proc_pid_stat(5). */
  private static final int PARENT = 1;

  private static final int USER_TICKS = 11;
  private static final int SYSTEM_TICKS = 12;
  private static final int CHILDREN_USER_TICKS = 13;
  private static final int CHILDREN_SYSTEM_TICKS = 14;

  private final Path data;

  /**
   * @param data the installation's data directory
   */
  ProcessTimes(Path data) {
    this.data = data;
  }

  /** Seconds by the name of a component; of PostgreSQL with all its backends. */
  Map<String, Double> now() throws IOException {
    Map<String, Double> seconds = new TreeMap<>();
    try (Stream<Path> files = Files.list(data.resolve("run"))) {
      for (Path file : files.filter(ProcessTimes::serves).toList()) {
        String name = file.getFileName().toString().replaceFirst("(-\\d+)?\\.pid$", "");
        seconds.merge(name, own(firstWord(file)), Double::sum);
      }
    }
    seconds.put("client", own(Long.toString(ProcessHandle.current().pid())));
    seconds.put("postgres", tree(firstWord(data.resolve("postgres/postmaster.pid"))));
    return seconds;
  }

  /** What a start learns in the background is no part of the work. */
  private static boolean serves(Path pidFile) {
    String name = pidFile.getFileName().toString();
    return name.endsWith(".pid") && !name.equals("learn.pid");
  }

  private static double own(String pid) {
    String[] stat = stat(pid);
    return stat.length == 0 ? 0 : ticks(stat, USER_TICKS, SYSTEM_TICKS) / TICKS_PER_SECOND;
  }

  private static double tree(String pid) throws IOException {
    double living = 0;
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      List<String> pids = processes.map(path -> path.getFileName().toString()).toList();
      for (String child : pids.stream().filter(name -> name.matches("\\d+")).toList()) {
        String[] stat = stat(child);
        living += stat.length > 0 && stat[PARENT].equals(pid) ? own(child) : 0;
      }
    }
    long ended = ticks(stat(pid), CHILDREN_USER_TICKS, CHILDREN_SYSTEM_TICKS);
    return own(pid) + living + ended / TICKS_PER_SECOND;
  }

  private static long ticks(String[] stat, int... places) {
    return Arrays.stream(places).mapToLong(place -> Long.parseLong(stat[place])).sum();
  }

  /** Nothing of a process that has ended. */
  private static String[] stat(String pid) {
    try {
      String text = Files.readString(Path.of("/proc", pid, "stat"));
      return text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
    } catch (IOException e) {
      return new String[0];
    }
  }

  private static String firstWord(Path file) throws IOException {
    return Files.readString(file).strip().split("\\s", -1)[0];
  }
}

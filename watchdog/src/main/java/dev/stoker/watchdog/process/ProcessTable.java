package dev.stoker.watchdog.process;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.health.ProcessIdentity;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What {@code /proc} says. */
public final class ProcessTable {

  /**
   * One line of {@code /proc/PID/stat}.
   *
   * @param state R, S, D, T, Z and so on, of its first thread only
   * @param waitStatus of a zombie: how it ended
   */
  record Entry(long pid, char state, long parent, long session, long startTicks, int waitStatus) {}

  private static final Path PROC = Path.of("/proc");
  private static final String BOOT_ID = read(PROC.resolve("sys/kernel/random/boot_id"));
  private static final String WORKER_NAME = "STOKER_WORKER_NAME=";
  private static final String CAUGHT_SIGNALS = "SigCgt:";

  // Numbered as in proc(5), less the three before the closing parenthesis of the name.
  private static final int STATE = 0;
  private static final int PARENT = 1;
  private static final int SESSION = 3;
  private static final int START_TICKS = 19;
  private static final int WAIT_STATUS = 49;

  private ProcessTable() {}

  public static String bootId() {
    return BOOT_ID;
  }

  /**
   * For people: the state letter and where in the kernel it waits, or that it has gone; also of a
   * thread that hangs there.
   */
  public static String describe(ProcessIdentity process) {
    return find(process.pid())
        .filter(entry -> entry.startTicks() == process.startTicks())
        .map(
            entry ->
                "state "
                    + entry.state()
                    + waitChannel(Long.toString(process.pid()))
                    + hangingThread(entry))
        .orElse("gone");
  }

  /** What keeps a process from dying whose first thread is a zombie already. */
  private static String hangingThread(Entry leader) {
    return threadsOf(leader.pid()).stream()
        .filter(thread -> thread.pid() != leader.pid() && thread.state() == 'D')
        .map(thread -> ", thread " + thread.pid() + " in state D" + waitChannel(leader, thread))
        .findFirst()
        .orElse("");
  }

  private static String waitChannel(Entry leader, Entry thread) {
    return waitChannel(leader.pid() + "/task/" + thread.pid());
  }

  /** Whether a process lives and is a watchdog, of whichever installation. */
  public static boolean isWatchdog(long pid) {
    try {
      // Of a zombie it is empty.
      Path words = PROC.resolve(Long.toString(pid)).resolve("cmdline");
      return Files.readString(words, ISO_8859_1).contains("watchdog");
    } catch (IOException e) {
      return false;
    }
  }

  /** The name of the worker that a process is, or was started by; of this user's processes. */
  public static Optional<String> workerOf(long pid) {
    try {
      Path environment = PROC.resolve(Long.toString(pid)).resolve("environ");
      return Stream.of(Files.readString(environment, ISO_8859_1).split("\0", -1))
          .filter(variable -> variable.startsWith(WORKER_NAME))
          .map(variable -> variable.substring(WORKER_NAME.length()))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * What a process is up to. That its first thread is a zombie does not make it dead: another may
   * hang in a driver.
   */
  public static ProcessState stateOf(ProcessIdentity process) {
    Optional<Entry> leader =
        find(process.pid()).filter(entry -> entry.startTicks() == process.startTicks());
    if (leader.isEmpty()) {
      return ProcessState.GONE;
    }
    return threadsOf(process.pid()).stream()
        .map(Entry::state)
        .map(ProcessState::ofLetter)
        .max(Comparator.naturalOrder())
        .orElse(ProcessState.ofLetter(leader.get().state()));
  }

  /** Its threads by their own numbers, the first thread first; empty once it has gone. */
  static List<Entry> threadsOf(long pid) {
    Path threads = PROC.resolve(pid + "/task");
    return Stream.of(Optional.ofNullable(threads.toFile().list()).orElse(new String[0]))
        .map(Long::parseLong)
        .sorted()
        .flatMap(thread -> read(thread, threads.resolve(thread + "/stat")).stream())
        .toList();
  }

  /**
   * Whether a process is a JVM that answers SIGQUIT with a list of its threads; anything else would
   * end by that signal, as would a JVM that has just been started.
   */
  public static boolean printsThreads(ProcessIdentity process) {
    return isJvm(process.pid())
        && catches(process.pid(), Kernel.SIGQUIT)
        && stateOf(process) != ProcessState.GONE;
  }

  private static boolean isJvm(long pid) {
    try {
      Path program = Files.readSymbolicLink(PROC.resolve(pid + "/exe"));
      return program.getFileName().toString().startsWith("java");
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean catches(long pid, int signal) {
    try {
      return Files.readString(PROC.resolve(pid + "/status"), ISO_8859_1)
          .lines()
          .filter(line -> line.startsWith(CAUGHT_SIGNALS))
          .map(line -> Long.parseUnsignedLong(line.substring(CAUGHT_SIGNALS.length()).strip(), 16))
          .anyMatch(caught -> (caught >> (signal - 1) & 1) == 1);
    } catch (IOException e) {
      return false;
    }
  }

  /** Empty if there is none, or if nobody can say. */
  static Optional<Entry> find(long pid) {
    return read(pid, statOf(pid));
  }

  /**
   * Empty if there is none.
   *
   * @throws UncheckedIOException when nobody can say, as when this process has no descriptor left
   */
  static Optional<Entry> findSurely(long pid) {
    return readSurely(pid, statOf(pid));
  }

  private static Path statOf(long pid) {
    return PROC.resolve(pid + "/stat");
  }

  private static Optional<Entry> read(long number, Path stat) {
    try {
      return readSurely(number, stat);
    } catch (UncheckedIOException e) {
      return Optional.empty();
    }
  }

  private static Optional<Entry> readSurely(long number, Path stat) {
    try {
      // A name may hold any bytes, also parentheses, spaces and broken UTF-8.
      return Optional.of(parse(number, Files.readString(stat, ISO_8859_1)));
    } catch (NoSuchFileException | AccessDeniedException e) {
      return Optional.empty(); // or it is hidden from this user
    } catch (FileSystemException e) {
      throw new UncheckedIOException("Cannot open " + stat, e);
    } catch (IOException e) {
      return Optional.empty(); // it ended between opening and reading
    }
  }

  /**
   * @throws UncheckedIOException when nobody can say, as when this process has no descriptor left
   */
  static List<Entry> all() {
    List<Entry> entries = new ArrayList<>();
    String[] names = new File(PROC.toString()).list();
    if (names == null) {
      throw new UncheckedIOException(new IOException("Cannot list " + PROC));
    }
    for (String name : names) {
      if (Character.isDigit(name.charAt(0))) {
        findSurely(Long.parseLong(name)).ifPresent(entries::add);
      }
    }
    return entries;
  }

  static Entry parse(long pid, String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).strip().split(" ", -1);
    return new Entry(
        pid,
        fields[STATE].charAt(0),
        Long.parseLong(fields[PARENT]),
        Long.parseLong(fields[SESSION]),
        Long.parseLong(fields[START_TICKS]),
        Integer.parseInt(fields[WAIT_STATUS]));
  }

  private static String waitChannel(String process) {
    try {
      String channel = Files.readString(PROC.resolve(process + "/wchan"), UTF_8).strip();
      return channel.isEmpty() || channel.equals("0") ? "" : " in " + channel;
    } catch (IOException e) {
      return "";
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }
}

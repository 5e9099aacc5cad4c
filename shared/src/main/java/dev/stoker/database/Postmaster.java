package dev.stoker.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The server process as its lock file names it.
 *
 * @param pid of a process that need not live any more
 * @param port where it listens
 */
record Postmaster(long pid, int port) {

  private static final int PORT_LINE = 3;

  /** The kernel's limit of process ids: no process has this one. */
  private static final long NOBODY = 1L << 22;

  private static final Path UNKNOWN = Path.of("");

  /** The living server of a cluster. */
  static Optional<Postmaster> alive(Path cluster) throws IOException {
    return read(cluster).filter(postmaster -> postmaster.isAlive(cluster));
  }

  /**
   * Lets a cluster start whose server was killed. PostgreSQL holds back as long as the process id
   * in the lock file is taken: by a zombie, which stays for ever where process 1 does not reap, or
   * after a reboot by a stranger. Only the id is replaced; the file's other lines let PostgreSQL
   * itself check that no child of the dead server is left in its shared memory. A child that is
   * busy would not notice for as long as its statement runs, and is told.
   */
  static void forgetDead(Path cluster) throws IOException {
    Optional<Postmaster> dead = read(cluster).filter(postmaster -> !postmaster.isAlive(cluster));
    if (dead.isEmpty()) {
      return;
    }
    Path home = cluster.toRealPath();
    ProcessHandle.allProcesses()
        .filter(process -> isServer(process.pid()) && directory(process.pid()).equals(home))
        .forEach(ProcessHandle::destroy);
    if (Files.exists(process(dead.get().pid))) {
      List<String> lines = new ArrayList<>(Files.readAllLines(lockFile(cluster)));
      lines.set(0, Long.toString(NOBODY));
      Files.write(lockFile(cluster), lines);
    }
  }

  private static Optional<Postmaster> read(Path cluster) throws IOException {
    try {
      List<String> lines = Files.readAllLines(lockFile(cluster));
      return lines.size() > PORT_LINE
          ? Optional.of(
              new Postmaster(
                  Long.parseLong(lines.getFirst().strip()),
                  Integer.parseInt(lines.get(PORT_LINE).strip())))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static Path lockFile(Path cluster) {
    return cluster.resolve("postmaster.pid");
  }

  private static Path process(long pid) {
    return Path.of("/proc", Long.toString(pid));
  }

  private boolean isAlive(Path cluster) {
    try {
      Path directory = directory(pid);
      // Unknown where another user's is not shown: taken to be ours rather than started twice.
      return isServer(pid) && (directory.equals(UNKNOWN) || directory.equals(cluster.toRealPath()));
    } catch (IOException e) {
      return false; // the cluster has gone
    }
  }

  /** True for a process of PostgreSQL, unless it is dead and only not reaped yet. */
  private static boolean isServer(long pid) {
    try {
      String stat = Files.readString(process(pid).resolve("stat"));
      int nameEnd = stat.lastIndexOf(')');
      char state = stat.charAt(nameEnd + 2);
      return stat.substring(stat.indexOf('(') + 1, nameEnd).equals("postgres")
          && state != 'Z'
          && state != 'X';
    } catch (IOException e) {
      return false; // it has gone
    }
  }

  private static Path directory(long pid) {
    try {
      return Files.readSymbolicLink(process(pid).resolve("cwd"));
    } catch (IOException e) {
      return UNKNOWN;
    }
  }
}

package dev.stoker.watchdog.process;

import dev.stoker.health.WorkerId;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Starts workers, each in a session of its own. Their output goes to a file, never to this process:
 * a pipe would break with it, and they shall outlive it.
 */
public final class Launcher {

  private static final String SESSION_STARTER = "setsid";

  private final WorkerCommand command;
  private final Path logs;
  private final LongSupplier ticker;
  private final Optional<String> sessionStarter;

  public Launcher(WorkerCommand command, Path logs, LongSupplier ticker) {
    this.command = command;
    this.logs = logs;
    this.ticker = ticker;
    this.sessionStarter = onPath(SESSION_STARTER);
  }

  /**
   * @param slot its number on this host
   * @param ended told on another thread when the process has ended
   * @throws IOException when no process can be made
   */
  public WatchedProcess start(WorkerId id, int slot, Runnable ended) throws IOException {
    Files.createDirectories(logs);
    List<String> words = new ArrayList<>();
    sessionStarter.ifPresent(words::add);
    words.addAll(command.words());
    ProcessBuilder builder = new ProcessBuilder(words).directory(command.home().toFile());
    builder.environment().put("STOKER_WORKER_NAME", id.worker());
    builder.environment().put("STOKER_WORKER_INCARNATION", Long.toString(id.incarnation()));
    builder.environment().remove("NOTIFY_SOCKET"); // ours; a worker must not speak for us
    builder.redirectErrorStream(true);
    builder.redirectOutput(console(slot).file().toFile());
    builder.redirectInput(new File("/dev/null"));
    return WatchedProcess.ofChild(builder.start(), ticker, ended);
  }

  /** How to reach everything that a process started by {@link #start} starts in turn. */
  public ProcessTree treeOfChild(WatchedProcess child) {
    return new SessionTree(child, sessionStarter.isPresent());
  }

  /** The same for a process that another watchdog started. */
  public ProcessTree treeOfStranger(WatchedProcess stranger) {
    long pid = stranger.identity().pid();
    boolean ownSession = ProcessTable.find(pid).filter(entry -> entry.session() == pid).isPresent();
    return new SessionTree(stranger, ownSession);
  }

  /** What the newest process of a slot has printed. */
  public ConsoleLog console(int slot) {
    return new ConsoleLog(logs.resolve("worker-" + slot + ".console.log"));
  }

  private static Optional<String> onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }
}

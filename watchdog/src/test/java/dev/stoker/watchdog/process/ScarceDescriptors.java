package dev.stoker.watchdog.process;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.watchdog.Patience;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Watches a process and its child while it may not open any file. */
public final class ScarceDescriptors {

  private static final Duration SOON = Duration.ofSeconds(20);

  private ScarceDescriptors() {}

  public static void main(String[] arguments) throws IOException {
    Process shell = new ProcessBuilder("sh", "-c", "sleep 300 & exec sleep 301").start();
    Patience.until("its child", SOON, () -> shell.children().findAny().isPresent());
    ProcessIdentity child =
        ScriptedWorkers.identity(shell.children().findAny().orElseThrow().pid());
    WatchedProcess leader = WatchedProcess.ofChild(shell, System::nanoTime, () -> {});
    ProcessTree tree = new SessionTree(leader, false);
    tree.remember();
    leader.kill();
    Patience.until("its end", SOON, () -> leader.end().isPresent());
    System.out.println("at first: " + seen(child, tree));
    Moment.whilst(() -> false); // loading a class takes a descriptor
    Process second = new ProcessBuilder("sleep", "302").inheritIO().start();
    List<FileInputStream> open = exhaust();
    String then = seen(child, tree);
    tree.kill();
    String watched = watched(second);
    String last = seen(child, tree);
    for (FileInputStream file : open) {
      file.close();
    }
    System.out.println("then: " + then);
    System.out.println("killed in vain: " + last);
    System.out.println("a child: " + watched);
    Patience.until("the child is dead", SOON, () -> !second.isAlive());
    ScriptedWorkers.end(tree);
    System.out.println("in the end: " + seen(child, tree));
  }

  private static List<FileInputStream> exhaust() {
    List<FileInputStream> open = new ArrayList<>();
    try {
      while (true) {
        open.add(new FileInputStream("/dev/null"));
      }
    } catch (IOException e) {
      return open;
    }
  }

  private static String seen(ProcessIdentity child, ProcessTree tree) {
    return "adopted " + adopted(child) + ", gone " + tree.gone();
  }

  private static String adopted(ProcessIdentity child) {
    try {
      Optional<WatchedProcess> adopted = WatchedProcess.adopt(child, System::nanoTime, () -> {});
      return Boolean.toString(adopted.isPresent());
    } catch (UncheckedIOException e) {
      return "unknown";
    }
  }

  private static String watched(Process process) {
    try {
      WatchedProcess.ofChild(process, System::nanoTime, () -> {});
      return "watched";
    } catch (IOException e) {
      return "refused";
    }
  }
}

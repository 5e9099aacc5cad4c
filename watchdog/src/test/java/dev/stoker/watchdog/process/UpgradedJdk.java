package dev.stoker.watchdog.process;

import dev.stoker.health.WorkerId;
import dev.stoker.watchdog.JdkCopy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Starts a worker before and after the JDK that it runs on is exchanged. */
public final class UpgradedJdk {

  private UpgradedJdk() {}

  /**
   * @param arguments a directory for the installation's data
   */
  public static void main(String[] arguments) throws IOException {
    Path data = Path.of(arguments[0]);
    Launcher launcher =
        new Launcher(
            new WorkerCommand(List.of("true"), data),
            WorkerResources.ALL,
            new Launcher.Places(data, data),
            System::nanoTime);
    System.out.println("before: " + start(launcher));
    JdkCopy.exchange(Path.of(System.getProperty("java.home")));
    System.out.println("after: " + start(launcher));
    launcher.tidy(0);
  }

  private static String start(Launcher launcher) {
    try {
      launcher.start(new WorkerId("test/0", 1), 0, () -> {});
      return "started, replaced " + launcher.jdkReplaced();
    } catch (IOException e) {
      return "failed, replaced " + launcher.jdkReplaced();
    }
  }
}

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The largest resident size of a process while this is open, by many looks, in megabytes. */
final class ResidentSize implements AutoCloseable {
  private static final long LOOK_MILLIS = 20;
  private static final double PAGE_MEGABYTES = 4096 / 1e6;

  private final Path statm;
  private final Thread looks = Thread.ofPlatform().daemon().unstarted(this::look);
  private volatile double largest;

  /**
   * @param pidFile as the installation's run directory has one for each component
   */
  ResidentSize(Path pidFile) throws IOException {
    String pid = Files.readString(pidFile).split(" ", -1)[0];
    this.statm = Path.of("/proc", pid, "statm");
    this.largest = now();
    looks.start();
  }

  double now() throws IOException {
    return Long.parseLong(Files.readString(statm).split(" ", -1)[1]) * PAGE_MEGABYTES;
  }

  double largest() {
    return largest;
  }

  private void look() {
    try {
      while (true) {
        largest = Math.max(largest, now());
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException | IOException e) {
      return;
    }
  }

  @Override
  public void close() {
    looks.interrupt();
  }
}

package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A copy of the JDK that runs the tests, to be exchanged under whoever runs on it. */
public final class JdkCopy {

  private JdkCopy() {}

  public static Path make(Path home) throws IOException, InterruptedException {
    String original = System.getProperty("java.home");
    // Hard links suffice: what is exchanged is removed and made anew.
    if (new ProcessBuilder("cp", "-al", original, home.toString()).start().waitFor() != 0) {
      Process copying = new ProcessBuilder("cp", "-a", original + "/.", home.toString()).start();
      assertThat(copying.waitFor()).isZero();
    }
    release(home, "25");
    return home;
  }

  /** As an upgrade leaves it to those who still run: what would start a process does not fit. */
  public static void exchange(Path home) throws IOException {
    release(home, "25.0.99");
    Files.delete(home.resolve("lib").resolve("jspawnhelper"));
  }

  private static void release(Path home, String version) throws IOException {
    Path release = home.resolve("release");
    Files.deleteIfExists(release);
    Files.writeString(release, "JAVA_VERSION=\"" + version + "\"\n");
  }
}

package dev.stoker.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndSignalsTest {
  static final int STOPPED = 11;
  static final int HANDED_OVER = 12;

  @ParameterizedTest
  @CsvSource({"TERM,11", "INT,11", "USR1,12", "HUP,12"})
  @Timeout(60)
  void each_signal_has_its_end(String signal, int status) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Waits.class.getName())
            .redirectErrorStream(true)
            .start();
    try {
      assertThat(process.inputReader().readLine()).isEqualTo("waits");
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
      assertThat(process.waitFor()).isEqualTo(status);
    } finally {
      process.destroyForcibly();
    }
  }

  /** A process that ends by a signal only. */
  static final class Waits {
    private Waits() {}

    public static void main(String[] arguments) throws InterruptedException {
      EndSignals.first(
          () -> Runtime.getRuntime().halt(STOPPED), () -> Runtime.getRuntime().halt(HANDED_OVER));
      System.out.println("waits");
      new CountDownLatch(1).await();
    }
  }
}

package dev.stoker.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.NotifyListener;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ServiceNoticeTest {
  private static final long PID = 4711;

  @TempDir Path directory;

  private final AtomicLong now = new AtomicLong();

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everything_is_told_to_a_path_as_to_an_abstract_name(boolean abstractName) {
    try (NotifyListener manager = new NotifyListener(abstractName ? unused() : path())) {
      ServiceNotice notice = notice(Map.of("NOTIFY_SOCKET", manager.name()));
      notice.extendStart(Duration.ofSeconds(2));
      notice.ready("adopté\n2 of 2");
      notice.status("busy");
      notice.stopping();
      assertThat(manager.received())
          .containsExactly(
              "EXTEND_TIMEOUT_USEC=2000000",
              "READY=1\nSTATUS=adopté 2 of 2",
              "STATUS=busy",
              "STOPPING=1");
    }
  }

  @Test
  void a_sign_of_life_is_given_at_a_third_of_what_the_manager_waits() {
    try (NotifyListener manager = new NotifyListener(unused())) {
      ServiceNotice notice = notice(watched(manager, "30000000"));
      assertThat(notice.pingEvery()).contains(Duration.ofSeconds(10));
      List<Integer> told = new ArrayList<>();
      for (int second = 0; second <= 30; second++) {
        now.set(TimeUnit.SECONDS.toNanos(second));
        notice.alive();
        if (!manager.received().isEmpty()) {
          told.add(second);
        }
      }
      assertThat(told).containsExactly(0, 10, 20, 30);
    }
  }

  @Test
  void no_sign_of_life_is_given_in_the_name_of_another_process() {
    try (NotifyListener manager = new NotifyListener(unused())) {
      Map<String, String> environment = watched(manager, "30000000");
      environment.put("WATCHDOG_PID", "1");
      ServiceNotice notice = notice(environment);
      notice.alive();
      assertThat(notice.pingEvery()).isEmpty();
      assertThat(manager.received()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-1", "soon"})
  void a_manager_that_does_not_watch_is_told_nothing(String micros) {
    try (NotifyListener manager = new NotifyListener(unused())) {
      ServiceNotice notice = notice(watched(manager, micros));
      notice.alive();
      assertThat(manager.received()).isEmpty();
    }
  }

  @Test
  void fault_34_a_manager_that_does_not_listen_makes_nobody_wait() {
    try (NotifyListener manager = new NotifyListener(unused())) {
      ServiceNotice notice = notice(watched(manager, "1"));
      long begun = System.nanoTime();
      for (int i = 0; i < 1000; i++) {
        now.incrementAndGet();
        notice.status("message " + i);
        notice.alive();
      }
      notice.stopping();
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
      // It is told the important thing as soon as it listens again, and little of the rest.
      List<String> received = new ArrayList<>();
      Until.within(Duration.ofSeconds(1))
          .holds(
              () -> {
                received.addAll(manager.received());
                return received.contains("STOPPING=1");
              });
      assertThat(received).hasSizeLessThan(1000).startsWith("STATUS=message 0");
    }
  }

  @Test
  void fault_34_a_manager_that_is_gone_is_no_failure() {
    String name = unused();
    new NotifyListener(name).close();
    ServiceNotice notice = notice(Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "1"));
    notice.ready("nobody hears this");
    notice.alive();
    notice.stopping();
    assertThat(notice.pingEvery()).isPresent();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "vsock:2:1234", "relative/path"})
  void a_socket_of_another_kind_is_left_alone(String name) {
    notice(Map.of("NOTIFY_SOCKET", name)).ready("nobody hears this");
  }

  @Test
  void a_name_that_no_socket_can_have_is_no_failure() {
    notice(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(200))).ready("nobody hears this");
  }

  @Test
  void without_a_manager_no_native_code_is_loaded() throws IOException, InterruptedException {
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load",
                "-cp",
                System.getProperty("java.class.path"),
                TellsAll.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().remove("NOTIFY_SOCKET");
    assertThat(builder.start().waitFor()).isZero();
    assertThat(Files.readString(output))
        .contains("dev.stoker.service.ServiceNotice")
        .doesNotContain("com.sun.jna.Native ");
  }

  /** A process that nobody manages. */
  static final class TellsAll {
    private TellsAll() {}

    public static void main(String[] arguments) {
      ServiceNotice notice = ServiceNotice.ofThisProcess(System::nanoTime);
      notice.ready("");
      notice.alive();
      notice.stopping();
    }
  }

  private ServiceNotice notice(Map<String, String> environment) {
    return ServiceNotice.of(environment, PID, now::get);
  }

  private static Map<String, String> watched(NotifyListener manager, String micros) {
    Map<String, String> environment = new HashMap<>();
    environment.put("NOTIFY_SOCKET", manager.name());
    environment.put("WATCHDOG_USEC", micros);
    environment.put("WATCHDOG_PID", Long.toString(PID));
    return environment;
  }

  private String path() {
    return directory.resolve("notify").toString();
  }

  private static String unused() {
    return "@stoker-test-" + UUID.randomUUID();
  }
}

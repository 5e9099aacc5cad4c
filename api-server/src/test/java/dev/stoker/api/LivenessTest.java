package dev.stoker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.service.ServiceNotice;
import dev.stoker.testing.NotifyListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LivenessTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private final NotifyListener manager = new NotifyListener("@stoker-test-" + UUID.randomUUID());
  private final ServiceNotice notice =
      ServiceNotice.of(
          Map.of("NOTIFY_SOCKET", manager.name(), "WATCHDOG_USEC", "30000000"),
          ProcessHandle.current().pid(),
          System::nanoTime);

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void a_server_that_answers_itself_says_that_it_lives() throws IOException {
    new Liveness(notice, URI.create(api.url("/health/live"))).run();
    assertThat(manager.received()).containsExactly("WATCHDOG=1");
  }

  @Test
  void a_server_that_refuses_says_nothing() throws IOException {
    new Liveness(notice, URI.create(api.url("/no/such/path"))).run();
    assertThat(manager.received()).isEmpty();
  }

  @Test
  void a_server_that_does_not_answer_says_nothing_and_waits_for_a_bounded_time()
      throws IOException {
    try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      URI probe = URI.create("http://127.0.0.1:" + mute.getLocalPort() + "/health/live");
      assertThatThrownBy(() -> new Liveness(notice, probe).run()).isInstanceOf(IOException.class);
      assertThat(manager.received()).isEmpty();
    }
  }
}

package dev.stoker.engine.mock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.Until;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The mock engine as a process of its own. */
class MockProcessTest {
  private static final Until SOON = Until.within(Duration.ofSeconds(1));

  private final HttpClient http = HttpClient.newHttpClient();
  private Process engine;
  private String uri;
  private ProcessHandle child;
  private int childPort;

  @AfterEach
  void end() {
    http.shutdownNow();
    engine.destroyForcibly();
    if (child != null) {
      child.destroyForcibly();
    }
  }

  @Test
  void its_child_ends_with_it_when_it_is_told_to_end() throws Exception {
    start("--child", "true");

    engine.destroy();

    assertThat(engine.waitFor(30, TimeUnit.SECONDS)).isTrue();
    SOON.holds(() -> isFree(childPort));
  }

  @Test
  void its_child_outlives_it_when_it_is_killed() throws Exception {
    start("--child", "true");

    engine.destroyForcibly();

    assertThat(engine.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(child.isAlive()).isTrue();
    assertThat(isFree(childPort)).isFalse();
  }

  @Test
  void its_child_is_left_behind_if_nothing_is_to_be_given_back() throws Exception {
    start("--child", "true", "--leave-child", "true");

    engine.destroy();

    assertThat(engine.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(child.isAlive()).isTrue();
    assertThat(isFree(childPort)).isFalse();
  }

  @Test
  void a_marked_request_is_the_end_of_it() throws Exception {
    start();
    post("/mock/faults", "{\"crash_on\":\"poison\"}");

    assertThat(
            http.sendAsync(
                request("/v1/completions", "{\"prompt\":\"poison\"}"), BodyHandlers.discarding()))
        .failsWithin(Duration.ofSeconds(30));

    assertThat(engine.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(engine.exitValue()).isEqualTo(139);
  }

  @Test
  void a_wrong_option_is_named_and_nothing_starts() throws Exception {
    engine = launch(List.of("--slots", "none"));

    assertThat(engine.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(engine.exitValue()).isEqualTo(2);
    assertThat(new String(engine.getErrorStream().readAllBytes(), UTF_8)).contains("slots=none");
  }

  private void start(String... options) throws Exception {
    engine = launch(List.of(options));
    BufferedReader output = engine.inputReader(UTF_8);
    uri = output.readLine().replace("mock engine: ", "");
    String stats = get("/mock/stats");
    long pid = Long.parseLong(stats.replaceFirst("(?s).*\"child_pid\":(\\d+).*", "$1"));
    child = ProcessHandle.of(pid).orElse(null);
    childPort = Integer.parseInt(stats.replaceFirst("(?s).*\"child_port\":(\\d+).*", "$1"));
  }

  private static Process launch(List<String> options) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                MockEngine.class.getName()));
    command.addAll(options);
    return new ProcessBuilder(command).start();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private HttpRequest request(String path, String body) {
    return HttpRequest.newBuilder(URI.create(uri + path))
        .POST(BodyPublishers.ofString(body))
        .build();
  }

  private void post(String path, String body) throws Exception {
    assertThat(http.send(request(path, body), BodyHandlers.discarding()).statusCode())
        .isEqualTo(200);
  }

  private String get(String path) throws Exception {
    return http.send(
            HttpRequest.newBuilder(URI.create(uri + path)).build(), BodyHandlers.ofString())
        .body();
  }
}

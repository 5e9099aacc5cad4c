package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.engine.mock.MockEngine;
import dev.stoker.logging.ProcessLog;
import dev.stoker.settings.Settings;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the mock engine as a process of its own, and with programs that are no engine. */
class EngineServerTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Until SOON = Until.within(Duration.ofSeconds(6));

  @TempDir Path directory;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final Queue<String> broken = new ConcurrentLinkedQueue<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void it_is_started_and_answers_and_what_it_prints_is_kept() throws Exception {
    OpenAiEngine engine = started(mock("--load 300ms"), Map.of());

    SOON.holds(() -> engine.probe() == EngineState.READY);

    assertThat(engine.complete(chat(), LONG)).isInstanceOf(EngineReply.Answered.class);
    assertThat(engine.models()).containsExactly("mock");
    assertThat(engine.loadingSteps()).isPositive();
    SOON.holds(() -> Files.readString(log()).contains("mock engine: http://127.0.0.1:"));
    assertThat(broken).isEmpty();
  }

  @Test
  void closing_it_ends_all_that_it_has_started_also_in_other_sessions() throws Exception {
    OpenAiEngine engine = started(mock("--child true --leave-child true"), Map.of());
    SOON.holds(() -> engine.probe() == EngineState.READY);
    List<ProcessHandle> tree = ProcessHandle.current().descendants().toList();
    assertThat(tree).hasSize(2);

    engine.close();

    assertThat(tree).allMatch(EngineServer::dead);
    assertThat(broken).isEmpty();
  }

  @Test
  void one_that_does_not_heed_the_request_to_end_is_killed() throws Exception {
    OpenAiEngine engine =
        started(
            "sh -c 'trap \"\" TERM; setsid sleep 1000 & echo up; while true; do sleep 1; done'"
                + " {port}",
            Map.of("STOKER_ENGINE_STOP_GRACE", "200ms"));
    SOON.holds(() -> Files.exists(log()) && Files.readString(log()).contains("up"));
    List<ProcessHandle> tree = ProcessHandle.current().descendants().toList();
    assertThat(tree).hasSizeGreaterThan(1);

    engine.close();

    assertThat(tree).allMatch(EngineServer::dead);
  }

  @Test
  void its_death_is_told_at_once_with_its_last_words() {
    OpenAiEngine engine = started("sh -c 'echo no such GPU; exit 3' {port}", Map.of());

    SOON.holds(() -> !broken.isEmpty());

    assertThat(broken).hasSize(1);
    assertThat(broken.element()).contains("status 3", "no such GPU");
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
  }

  @Test
  void one_that_dies_while_it_works_is_lost_with_its_requests() throws Exception {
    OpenAiEngine engine = started(mock(""), Map.of());
    SOON.holds(() -> engine.probe() == EngineState.READY);
    ProcessHandle process = ProcessHandle.current().descendants().findFirst().orElseThrow();

    process.destroyForcibly();

    SOON.holds(() -> !broken.isEmpty());
    assertThat(broken).hasSize(1);
    assertThat(engine.complete(chat(), LONG)).isInstanceOf(EngineReply.Unreachable.class);
  }

  /** Else the worker's file would no longer name them when its watchdog reads it. */
  @Test
  void requests_of_one_that_dies_stay_in_flight_for_as_long_as_the_process_lives()
      throws Exception {
    OpenAiEngine engine = started(mock("--faults crash_on=poison"), Map.of());
    SOON.holds(() -> engine.probe() == EngineState.READY);
    FutureTask<EngineReply> reply = new FutureTask<>(() -> engine.complete(chat("poison"), LONG));
    Thread.ofVirtual().start(reply);

    SOON.holds(() -> !broken.isEmpty());
    assertThatThrownBy(() -> reply.get(200, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);

    engine.close();
    assertThat(reply.get(6, TimeUnit.SECONDS)).isInstanceOf(EngineReply.Lost.class);
  }

  @Test
  void one_that_does_not_get_ready_in_time_is_given_up() {
    started("sh -c 'sleep 1000' {port}", Map.of("STOKER_ENGINE_START_TIMEOUT", "300ms"));

    SOON.holds(() -> !broken.isEmpty());

    assertThat(broken.element()).contains("not ready within");
  }

  @Test
  void it_gets_no_secret_of_stokers() throws Exception {
    started("sh -c 'env; sleep 1000' {port}", Map.of());

    SOON.holds(() -> Files.exists(log()) && Files.readString(log()).contains("PATH="));

    assertThat(Files.readString(log())).doesNotContain("STOKER_", "SENTRY_DSN");
  }

  private OpenAiEngine started(String command, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("STOKER_ENGINE_COMMAND", command);
    Settings settings = new Settings(environment);
    OpenAiSettings read = OpenAiSettings.from(settings);
    settings.verify();
    OpenAiEngine engine =
        new OpenAiEngine(
            read,
            Duration.ofMinutes(1),
            () -> new ProcessLog(directory).capture("engine-0"),
            System::nanoTime,
            broken::add);
    opened.add(engine);
    return engine;
  }

  private Path log() throws IOException {
    return directory.resolve("engine-0.log");
  }

  private static String mock(String options) {
    return "'%s' -Xmx64m -XX:TieredStopAtLevel=1 -cp '%s' %s --port {port} %s"
        .formatted(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            MockEngine.class.getName(),
            options);
  }

  private static EngineRequest chat() {
    return chat("hello");
  }

  private static EngineRequest chat(String text) {
    String body =
        "{\"model\":\"mock\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted(text);
    return new EngineRequest("/v1/chat/completions", "mock", body.getBytes(UTF_8));
  }
}

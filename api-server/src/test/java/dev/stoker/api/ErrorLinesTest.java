package dev.stoker.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.settings.Settings;
import dev.stoker.testing.SentryReceiver;
import dev.stoker.testing.TestDatabase;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class ErrorLinesTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @Test
  void an_error_line_of_the_api_server_becomes_one_event(@TempDir Path logs) {
    try (SentryReceiver receiver = new SentryReceiver()) {
      Map<String, String> environment = new HashMap<>(database.environment());
      environment.put("STOKER_API_PORT", "0");
      environment.put("STOKER_LOG_DIR", logs.toString());
      environment.put("SENTRY_DSN", receiver.dsn());
      environment.put("STOKER_ENVIRONMENT", "test");
      try (var _ = ApiServer.start(ApiSettings.from(new Settings(environment)))) {
        LoggerFactory.getLogger(ErrorLinesTest.class)
            .error("{} failed", "GET /v1/files", new IllegalStateException("odd"));
      }
      // Closed: whatever there was to be sent has been sent.
      List<SentryReceiver.Item> events = receiver.items("event");
      assertThat(events).hasSize(1);
      assertThat(events.getFirst().text())
          .contains("\"component\":\"api-server\"", "\"environment\":\"test\"")
          .contains("GET /v1/files failed", "\"fingerprint\":[\"dev.stoker.api.ErrorLinesTest\",");
    }
  }
}

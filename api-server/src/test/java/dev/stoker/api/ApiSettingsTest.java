package dev.stoker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.api.files.UploadSettings;
import dev.stoker.api.http.HttpSettings;
import dev.stoker.api.intake.IntakeSettings;
import dev.stoker.health.Gate;
import dev.stoker.health.RespawnLimits;
import dev.stoker.logging.ErrorReports;
import dev.stoker.logging.ProcessLog;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiSettingsTest {

  private static ApiSettings read(Map<String, String> environment) {
    return ApiSettings.from(new Settings(environment));
  }

  @Test
  void the_defaults() {
    ApiSettings settings = read(Map.of());
    assertThat(settings.http()).isEqualTo(new HttpSettings("127.0.0.1", 4080, false));
    assertThat(settings.upload()).isEqualTo(new UploadSettings(209_715_200, 16_777_216));
    assertThat(settings.intake()).isEqualTo(new IntakeSettings(50_000));
    assertThat(settings.gate()).isEqualTo(new Gate(Duration.ofSeconds(60)));
    assertThat(settings.respawns()).isEqualTo(new RespawnLimits(Duration.ofMinutes(15), 10));
    assertThat(settings.log()).isEqualTo(new ProcessLog(Path.of("logs").toAbsolutePath()));
    assertThat(settings.reports()).isEqualTo(new ErrorReports(Optional.empty(), "production"));
    assertThat(settings.database().embedded()).isTrue();
  }

  @Test
  void everything_can_be_set() {
    ApiSettings settings =
        read(
            Map.ofEntries(
                Map.entry("STOKER_API_HOST", "0.0.0.0"),
                Map.entry("STOKER_ALLOW_OPEN", "true"),
                Map.entry("STOKER_API_PORT", "4090"),
                Map.entry("STOKER_UPLOAD_BYTES_MAX", "21474836480"),
                Map.entry("STOKER_LINE_BYTES_MAX", "1024"),
                Map.entry("STOKER_BATCH_LINES_MAX", "10000000"),
                Map.entry("STOKER_HEARTBEAT_STALE_AFTER", "5m"),
                Map.entry("STOKER_START_DEADLINE", "1h"),
                Map.entry("STOKER_RESPAWNS_PER_HOUR", "7"),
                Map.entry("STOKER_LOG_DIR", "/tmp/l"),
                Map.entry("SENTRY_DSN", "https://k@host/1"),
                Map.entry("STOKER_ENVIRONMENT", "test")));
    assertThat(settings.respawns()).isEqualTo(new RespawnLimits(Duration.ofHours(1), 7));
    assertThat(settings.http()).isEqualTo(new HttpSettings("0.0.0.0", 4090, true));
    assertThat(settings.upload()).isEqualTo(new UploadSettings(20L << 30, 1024));
    assertThat(settings.intake()).isEqualTo(new IntakeSettings(10_000_000));
    assertThat(settings.gate()).isEqualTo(new Gate(Duration.ofMinutes(5)));
    assertThat(settings.log()).isEqualTo(new ProcessLog(Path.of("/tmp/l")));
    assertThat(settings.reports())
        .isEqualTo(new ErrorReports(Optional.of("https://k@host/1"), "test"));
  }

  @ParameterizedTest
  @CsvSource({
    "STOKER_API_PORT,65536",
    "STOKER_API_HOST,0.0.0.0",
    "STOKER_API_HOST,no such host",
    "STOKER_UPLOAD_BYTES_MAX,21474836481",
    "STOKER_LINE_BYTES_MAX,1",
    "STOKER_BATCH_LINES_MAX,10000001",
    "STOKER_HEARTBEAT_STALE_AFTER,soon",
    "STOKER_ALLOW_OPEN,yes",
  })
  void a_wrong_value_is_named(String key, String value) {
    assertThatThrownBy(() -> read(Map.of(key, value)))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining(key + "=" + value);
  }

  @Test
  void all_wrong_values_are_named_together() {
    assertThatThrownBy(
            () -> read(Map.of("STOKER_API_PORT", "x", "STOKER_HEARTBEAT_STALE_AFTER", "y")))
        .hasMessageContaining("STOKER_API_PORT=x")
        .hasMessageContaining("STOKER_HEARTBEAT_STALE_AFTER=y");
  }
}

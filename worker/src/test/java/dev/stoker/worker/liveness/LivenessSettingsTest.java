package dev.stoker.worker.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LivenessSettingsTest {

  @ParameterizedTest
  @CsvSource({"'', 120", "0, 0", "60, 60", "300, 300", "90s, 90", "5m, 300"})
  void the_timeout_is_seconds_or_a_duration_and_zero_is_off(String text, long seconds) {
    assertThat(read(text).timeout()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", "-1", "1", "59", "500ms", "1e3"})
  void a_timeout_that_is_none_or_too_short_is_refused_by_its_name(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("WATCHDOG_TIMEOUT");
  }

  @Test
  void without_a_beat_file_there_is_none() {
    assertThat(read("").beatFile()).isEmpty();
  }

  private static LivenessSettings read(String timeout) {
    Settings settings = new Settings(Map.of("WATCHDOG_TIMEOUT", timeout));
    LivenessSettings read = LivenessSettings.from(settings);
    settings.verify();
    return read;
  }
}

package dev.stoker.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

  private static final Duration DAY = Duration.ofDays(1);

  @Test
  void what_is_not_set_has_its_default() {
    Settings settings = new Settings(Map.of("BLANK", "  "));
    assertThat(settings.integer("A", 7, 1, 9, "")).isEqualTo(7);
    assertThat(settings.number("B", 1L << 40, 0, Long.MAX_VALUE, "")).isEqualTo(1L << 40);
    assertThat(settings.duration("C", DAY, Duration.ZERO, DAY, "")).isEqualTo(DAY);
    assertThat(settings.text("D", "x", "")).isEqualTo("x");
    assertThat(settings.optional("E", "")).isEmpty();
    assertThat(settings.oneOf("F", "b", List.of("a", "b"), "")).isEqualTo("b");
    assertThat(settings.flag("G", true, "")).isTrue();
    assertThat(settings.path("H", Path.of("/x"), "")).isEqualTo(Path.of("/x"));
    assertThat(settings.integer("BLANK", 7, 1, 9, "")).as("blank").isEqualTo(7);
    assertThatCode(settings::verify).doesNotThrowAnyException();
  }

  @Test
  void a_value_that_is_set_replaces_the_default() {
    Settings settings =
        new Settings(
            Map.of(
                "A", " 9 ", "B", "-5", "C", "90s", "D", "y", "E", "z", "F", "a", "G", "false", "H",
                "/x/../y"));
    assertThat(settings.integer("A", 7, 1, 9, "")).isEqualTo(9);
    assertThat(settings.number("B", 0, -5, 5, "")).isEqualTo(-5);
    assertThat(settings.duration("C", DAY, Duration.ZERO, DAY, ""))
        .isEqualTo(Duration.ofSeconds(90));
    assertThat(settings.text("D", "x", "")).isEqualTo("y");
    assertThat(settings.optional("E", "")).contains("z");
    assertThat(settings.oneOf("F", "b", List.of("a", "b"), "")).isEqualTo("a");
    assertThat(settings.flag("G", true, "")).isFalse();
    assertThat(settings.path("H", Path.of("/x"), "")).isEqualTo(Path.of("/y"));
    settings.verify();
  }

  @Test
  void one_thing_of_many_has_its_own_values_before_those_of_all() {
    Settings all = new Settings(Map.of("A", "3", "B", "4"));
    Settings one = all.with("models.yaml, model x", Map.of("A", "5"));

    assertThat(one.integer("A", 7, 1, 9, "")).isEqualTo(5);
    assertThat(one.integer("B", 7, 1, 9, "")).isEqualTo(4);
    assertThat(all.integer("A", 7, 1, 9, "")).isEqualTo(3);
    assertThat(one.hasRead("A")).isTrue();
    assertThat(one.hasRead("C")).isFalse();
    assertThatCode(all::verify).doesNotThrowAnyException();
  }

  @Test
  void what_is_wrong_with_one_thing_of_many_is_told_with_its_name_by_all() {
    Settings all = new Settings(Map.of());
    all.with("models.yaml, model x", Map.of("A", "many")).integer("A", 7, 1, 9, "");

    assertThatThrownBy(all::verify)
        .hasMessageContaining("models.yaml, model x: A=many is not a whole number from 1 to 9");
  }

  @Test
  void a_relative_path_is_made_absolute() {
    assertThat(new Settings(Map.of()).path("H", Path.of("logs"), ""))
        .isEqualTo(Path.of("").toAbsolutePath().resolve("logs"));
  }

  @ParameterizedTest
  @CsvSource({
    "250ms,PT0.25S",
    "0ms,PT0S",
    "60s,PT1M",
    "60,PT1M",
    "5m,PT5M",
    "24h,PT24H",
    "30d,PT720H",
    "5M,PT5M",
    "250MS,PT0.25S"
  })
  void a_duration_is_a_number_and_a_unit(String text, Duration duration) {
    Settings settings = new Settings(Map.of("C", text));
    assertThat(settings.duration("C", DAY, Duration.ZERO, DAY.multipliedBy(99), ""))
        .isEqualTo(duration);
    settings.verify();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.5s", "s", "-1s", "1 s", "1w", "1m30s", "PT1S", "1234567890s", "59s"})
  void no_other_text_is_a_duration(String text) {
    Settings settings = new Settings(Map.of("C", text));
    assertThat(settings.duration("C", DAY, Duration.ofMinutes(1), DAY, "")).isEqualTo(DAY);
    assertThatThrownBy(settings::verify)
        .isInstanceOf(InvalidSettings.class)
        .hasMessage(
            "C=" + text + " is not a duration from 1m to 1d, such as 250ms, 60s, 5m or 24h");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "10", "9.5", "nine", "0x9", "99999999999999999999"})
  void a_number_outside_its_range_is_refused(String text) {
    Settings settings = new Settings(Map.of("A", text));
    assertThat(settings.integer("A", 7, 1, 9, "")).isEqualTo(7);
    assertThatThrownBy(settings::verify)
        .hasMessage("A=" + text + " is not a whole number from 1 to 9");
  }

  @Test
  void refused_values_are_named_together_and_what_is_right_is_not() {
    Settings settings =
        new Settings(Map.of("A", "x", "B", "3", "C", "never", "F", "c", "G", "yes"));
    settings.integer("A", 7, 1, 9, "");
    settings.integer("B", 7, 1, 9, "");
    settings.duration("C", DAY, Duration.ZERO, DAY, "");
    settings.oneOf("F", "b", List.of("a", "b"), "");
    settings.flag("G", true, "");
    settings.require(true, "holds");
    settings.require(false, "A must be less than B");
    assertThatThrownBy(settings::verify)
        .isInstanceOf(InvalidSettings.class)
        .message()
        .isEqualTo(
            """
            A=x is not a whole number from 1 to 9
            C=never is not a duration from 0s to 1d, such as 250ms, 60s, 5m or 24h
            F=c is not one of a, b
            G=yes is not one of true, false
            A must be less than B""");
  }

  @Test
  void every_key_is_described_once_in_reading_order() {
    Settings settings = new Settings(Map.of("B", "2"));
    settings.integer("B", 1, 0, 9, "how many");
    settings.duration("A", Duration.ofSeconds(90), Duration.ZERO, DAY, "how long");
    settings.optional("C", "which");
    settings.integer("B", 5, 0, 9, "again");
    assertThat(settings.described())
        .containsExactly(
            new Settings.Described("B", "1", "how many"),
            new Settings.Described("A", "90s", "how long"),
            new Settings.Described("C", "", "which"));
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S,0s",
    "PT0.25S,250ms",
    "PT1.001S,1001ms",
    "PT1S,1s",
    "PT61S,61s",
    "PT2M,2m",
    "PT1H,1h",
    "PT24H,1d",
    "PT36H,36h",
    "PT720H,30d"
  })
  void a_duration_is_printed_in_its_largest_whole_unit(Duration duration, String text) {
    assertThat(Settings.print(duration)).isEqualTo(text);
  }

  @Test
  void a_duration_that_is_printed_is_read_back() {
    Random random = new Random(20_260_101);
    Duration max = Duration.ofMillis(999_999_999);
    for (int i = 0; i < 2_000; i++) {
      long[] units = {1, 1_000, 60_000, 3_600_000, 86_400_000};
      long unit = units[random.nextInt(units.length)];
      Duration duration = Duration.ofMillis(random.nextLong(max.toMillis() / unit + 1) * unit);
      Settings settings = new Settings(Map.of("C", Settings.print(duration)));
      assertThat(settings.duration("C", DAY, Duration.ZERO, max, "")).isEqualTo(duration);
      settings.verify();
    }
  }

  @Test
  void the_settings_of_a_process_are_its_environment() {
    assertThat(Settings.ofEnvironment().text("PATH", "", "")).isEqualTo(System.getenv("PATH"));
  }
}

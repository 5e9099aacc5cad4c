package dev.stoker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseSettingsTest {

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          postgres://db                               | jdbc:postgresql://db/stoker            | stoker | ''
          postgresql://db:5433/batches                | jdbc:postgresql://db:5433/batches      | stoker | ''
          jdbc:postgresql://db/batches                | jdbc:postgresql://db/batches           | stoker | ''
          postgres://me:secret@db/batches             | jdbc:postgresql://db/batches           | me     | secret
          postgres://me@db/batches                    | jdbc:postgresql://db/batches           | me     | ''
          postgres://me:a%40b+c%2F@db/batches         | jdbc:postgresql://db/batches           | me     | a@b+c/
          postgres://me:a/b@db/batches                | jdbc:postgresql://db/batches           | me     | a/b
          jdbc:postgresql://db/x?user=me&password=s+t | jdbc:postgresql://db/x                 | me     | s t
          postgres://db/x?sslmode=require&user=me     | jdbc:postgresql://db/x?sslmode=require | me     | ''
          postgres://a:1,b:2/x                        | jdbc:postgresql://a:1,b:2/x            | stoker | ''
          postgres://[::1]:5432/x                     | jdbc:postgresql://[::1]:5432/x         | stoker | ''
          """,
      delimiter = '|')
  void a_url_is_read(String text, String jdbc, String user, String password) {
    DatabaseSettings settings = read(Map.of("STOKER_DATABASE_URL", text));
    assertThat(settings.embedded()).isFalse();
    assertThat(settings.jdbcUrl()).isEqualTo(jdbc);
    assertThat(settings.user()).isEqualTo(user);
    assertThat(settings.password()).isEqualTo(password);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://me:secret@db/x",
        "postgres://",
        "db:5432",
        "postgres://me:secret?@db/x",
        "postgres://me:se%cret@db/x",
        "postgres://me:secret@d b/x"
      })
  void another_url_is_refused_without_repeating_its_password(String text) {
    assertThatThrownBy(() -> read(Map.of("STOKER_DATABASE_URL", text)))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("STOKER_DATABASE_URL")
        .message()
        .doesNotContain("secret")
        .doesNotContain("se%cret");
  }

  @Test
  void user_and_password_may_stand_beside_the_url() {
    DatabaseSettings settings =
        read(
            Map.of(
                "STOKER_DATABASE_URL", "postgres://db/x",
                "STOKER_DATABASE_USER", "me",
                "STOKER_DATABASE_PASSWORD", "secret"));
    assertThat(settings.user()).isEqualTo("me");
    assertThat(settings.password()).isEqualTo("secret");
  }

  @Test
  void without_a_url_the_database_is_embedded() {
    DatabaseSettings settings = read(Map.of());
    assertThat(settings.embedded()).isTrue();
    assertThat(settings.jdbcUrl()).isEqualTo("jdbc:postgresql://127.0.0.1:4082/stoker");
    assertThat(settings.user()).isEqualTo("stoker");
    assertThat(settings.dataDirectory()).isEqualTo(Path.of(".stoker").toAbsolutePath());
    assertThat(settings.logDirectory()).isEqualTo(Path.of("logs").toAbsolutePath());
  }

  @Test
  void the_embedded_password_is_read_from_its_file(@TempDir Path directory) throws IOException {
    DatabaseSettings settings = read(Map.of("STOKER_DATA_DIR", directory.toString()));
    assertThatThrownBy(settings::password)
        .hasMessageContaining(directory.resolve("database.password").toString())
        .hasMessageContaining("STOKER_DATA_DIR");
    Files.writeString(settings.passwordFile(), "secret\n");
    assertThat(settings.password()).isEqualTo("secret");
  }

  @Test
  void credentials_without_a_url_are_refused() {
    assertThatThrownBy(() -> read(Map.of("STOKER_DATABASE_PASSWORD", "secret")))
        .hasMessageContaining("STOKER_DATABASE_URL")
        .message()
        .doesNotContain("secret");
  }

  @Test
  void printing_shows_no_secret() {
    DatabaseSettings settings =
        read(
            Map.of(
                "STOKER_DATABASE_URL",
                "postgres://me:secret@db/x?sslpassword=secret&sslmode=require"));
    assertThat(settings.toString()).isEqualTo("DatabaseSettings[jdbc:postgresql://db/x, user=me]");
  }

  private static DatabaseSettings read(Map<String, String> environment) {
    Settings settings = new Settings(environment);
    DatabaseSettings database = DatabaseSettings.from(settings);
    settings.verify();
    return database;
  }
}

package dev.stoker.database;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the database is. Without a url it is the embedded one, whose password is in a file of the
 * data directory.
 *
 * @param url of an external database, for the driver, without credentials
 * @param givenPassword of the external database; empty if it asks for none
 * @param port of the embedded database, on the loopback address
 * @param dataDirectory holds the embedded database
 * @param logDirectory holds the log of the embedded database
 */
public record DatabaseSettings(
    Optional<String> url,
    String user,
    Optional<String> givenPassword,
    int port,
    Path dataDirectory,
    Path logDirectory) {

  static final String DATABASE = "stoker";
  private static final String USER = "stoker";

  /** Reads the keys of the database. */
  public static DatabaseSettings from(Settings settings) {
    Optional<String> text =
        settings.optional(
            "STOKER_DATABASE_URL",
            "an external PostgreSQL, such as postgresql://host:5432/stoker; if absent, the embedded"
                + " one is used");
    String user =
        settings.text(
            "STOKER_DATABASE_USER", USER, "user of the external database, unless its url names it");
    Optional<String> password =
        settings.optional(
            "STOKER_DATABASE_PASSWORD",
            "password of the external database, unless its url holds it");
    int port =
        settings.integer(
            "STOKER_DATABASE_PORT",
            4082,
            1,
            65_535,
            "port of the embedded database, on the loopback address");
    Path data = settings.path("STOKER_DATA_DIR", Path.of(".stoker"), "holds the embedded database");
    Path logs = settings.path("STOKER_LOG_DIR", Path.of("logs"), "where the log files are");
    Optional<DatabaseUrl> url = text.flatMap(DatabaseUrl::parse);
    // The text is not repeated: it may hold a password.
    settings.require(
        text.isPresent() == url.isPresent(),
        "STOKER_DATABASE_URL is not a PostgreSQL url such as postgresql://host:5432/stoker");
    settings.require(
        text.isPresent() || (user.equals(USER) && password.isEmpty()),
        "STOKER_DATABASE_USER and STOKER_DATABASE_PASSWORD belong to STOKER_DATABASE_URL, which is"
            + " absent; the embedded database makes its own");
    return new DatabaseSettings(
        url.map(DatabaseUrl::jdbc),
        url.flatMap(DatabaseUrl::user).orElse(user),
        url.flatMap(DatabaseUrl::password).or(() -> password),
        port,
        data,
        logs);
  }

  /** True if Stoker runs the database itself. */
  public boolean embedded() {
    return url.isEmpty();
  }

  /** For the driver; holds no credentials. */
  public String jdbcUrl() {
    return url.orElseGet(() -> embeddedUrl(DATABASE));
  }

  /**
   * The password to connect with. That of the embedded database is read from its file each time,
   * since the file appears with the first start.
   */
  public String password() {
    return embedded() ? readPassword() : givenPassword.orElse("");
  }

  /** Holds the password of the embedded database; only its owner may read it. */
  public Path passwordFile() {
    return dataDirectory.resolve("database.password");
  }

  String embeddedUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  private String readPassword() {
    try {
      return Files.readString(passwordFile(), UTF_8).strip();
    } catch (IOException e) {
      throw new EmbeddedPostgresFailed(
          "Cannot read "
              + passwordFile()
              + ", the password of the embedded database: "
              + e
              + ". It appears with the first start; set STOKER_DATA_DIR to the directory of that"
              + " start, or STOKER_DATABASE_URL to use another database.",
          e);
    }
  }

  /** Shows no secret. */
  @Override
  public String toString() {
    String place = jdbcUrl();
    int query = place.indexOf('?');
    return "DatabaseSettings["
        + (embedded() ? "embedded in " + dataDirectory + ", " : "")
        + (query < 0 ? place : place.substring(0, query))
        + ", user="
        + user
        + "]";
  }
}

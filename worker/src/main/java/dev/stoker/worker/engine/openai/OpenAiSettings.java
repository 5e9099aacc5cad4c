package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.settings.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How the openai engine runs.
 *
 * @param url the server to use, if Stoker does not start it; without {@code /v1}
 * @param server the server to start
 * @param models the models it serves; empty if it is to be asked
 * @param servedAs its own name of the model, if that is another
 * @param headers of every request, the key among them
 * @param authorities certificates to trust, besides those that the system trusts
 * @param slotsMax how many requests it may ever have at once
 * @param replyBytesMax the longest answer
 * @param deadlineMin no request gets less time, unless its caller waits less
 */
public record OpenAiSettings(
    Optional<URI> url,
    Optional<ServerSettings> server,
    List<String> models,
    Optional<String> servedAs,
    List<Header> headers,
    Optional<Path> authorities,
    int slotsMax,
    long replyBytesMax,
    Duration deadlineMin) {

  public static OpenAiSettings from(Settings settings) {
    Optional<URI> url = url(settings);
    List<String> models =
        list(
            settings.text(
                "STOKER_ENGINE_MODELS",
                "",
                "the models of that server, separated by commas; if absent, it is asked for them"));
    Optional<ServerSettings> server = ServerSettings.from(settings, models);
    settings.require(
        url.isEmpty() || server.isEmpty(),
        "STOKER_ENGINE_URL and STOKER_ENGINE_COMMAND are both set: an engine is either there or"
            + " started");
    Optional<String> servedAs =
        settings.optional(
            "STOKER_ENGINE_SERVED_AS",
            "that server's own name of the model, if it is not that of STOKER_ENGINE_MODELS");
    settings.require(
        servedAs.isEmpty() || !models.isEmpty(),
        "STOKER_ENGINE_SERVED_AS needs STOKER_ENGINE_MODELS: the name that batches use");
    return new OpenAiSettings(
        url,
        server,
        models,
        servedAs,
        headers(settings),
        authorities(settings),
        settings.integer(
            "STOKER_ENGINE_SLOTS_MAX",
            1024,
            1,
            65_536,
            "the most requests that a server gets at once; how many it gets is found out"),
        settings.number(
            "STOKER_ENGINE_REPLY_BYTES_MAX",
            64 * 1024 * 1024,
            1024,
            1024 * 1024 * 1024,
            "the longest answer that is taken from a server"),
        settings.duration(
            "STOKER_ENGINE_DEADLINE_MIN",
            Duration.ofMinutes(1),
            Duration.ofMillis(100),
            Duration.ofHours(24),
            "a request gets as long as its tokens may take, but not less than this"));
  }

  /** Notes if what an engine needs is not there; for one that is used. */
  public void require(Settings settings) {
    settings.require(
        url.isPresent() || server.isPresent(),
        "STOKER_ENGINE=openai needs STOKER_ENGINE_URL, such as http://127.0.0.1:8000, or"
            + " STOKER_ENGINE_COMMAND, which starts a server");
  }

  /** The same, but of a server that is not there, so that a rehearsal starts and asks nobody. */
  public OpenAiSettings forRehearsal() {
    return new OpenAiSettings(
        Optional.of(URI.create("http://127.0.0.1:9")),
        Optional.empty(),
        List.of("rehearsal"),
        servedAs,
        headers,
        authorities,
        slotsMax,
        replyBytesMax,
        deadlineMin);
  }

  /** Where the server is, or what starts it, for people; without the words that may hold a key. */
  public String source() {
    return url.map(URI::toString)
        .or(() -> server.map(started -> started.command().title()))
        .orElse("");
  }

  private static Optional<URI> url(Settings settings) {
    Optional<String> text =
        settings.optional(
            "STOKER_ENGINE_URL",
            "with STOKER_ENGINE=openai: the server to use, such as http://127.0.0.1:8000; with or"
                + " without /v1");
    Optional<URI> url = text.flatMap(OpenAiSettings::parseUrl);
    settings.require(
        text.isPresent() == url.isPresent(),
        "STOKER_ENGINE_URL is not a url such as http://127.0.0.1:8000 or"
            + " https://models.example.com/v1; a key goes into STOKER_ENGINE_KEY");
    return url;
  }

  private static Optional<URI> parseUrl(String text) {
    try {
      URI url = new URI(text.replaceFirst("/+$", "").replaceFirst("/v1$", ""));
      boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
      boolean plain =
          url.getRawUserInfo() == null && url.getRawQuery() == null && url.getRawFragment() == null;
      return http && plain && url.getHost() != null ? Optional.of(url) : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private static List<Header> headers(Settings settings) {
    List<Header> headers =
        new ArrayList<>(
            Header.parse(
                settings.text(
                    "STOKER_ENGINE_HEADERS",
                    "",
                    "more headers for that server, as name: value; a vertical bar separates"
                        + " them")));
    key(settings).map(Header::bearer).ifPresent(headers::add);
    // The text is not repeated: it may hold a secret.
    settings.require(
        headers.stream().allMatch(Header::valid),
        "STOKER_ENGINE_HEADERS or STOKER_ENGINE_KEY cannot be sent: headers are written as"
            + " Name: value | Name: value, in ASCII");
    return List.copyOf(headers);
  }

  private static Optional<Path> authorities(Settings settings) {
    Optional<Path> file =
        settings
            .optional(
                "STOKER_ENGINE_CA_FILE",
                "certificates, as PEM, to trust with https besides those that the JDK trusts")
            .map(Path::of);
    try {
      if (file.isPresent()) {
        Trust.also(file.get());
      }
    } catch (IOException e) {
      settings.require(false, "STOKER_ENGINE_CA_FILE=" + file.get() + " cannot be used: " + e);
    }
    return file;
  }

  private static Optional<String> key(Settings settings) {
    Optional<String> key =
        settings.optional("STOKER_ENGINE_KEY", "the key that that server asks for");
    Optional<String> file =
        settings.optional("STOKER_ENGINE_KEY_FILE", "a file that holds that key instead");
    if (key.isPresent() || file.isEmpty()) {
      return key;
    }
    try {
      return Optional.of(Files.readString(Path.of(file.get()), UTF_8).strip());
    } catch (IOException e) {
      settings.require(false, "STOKER_ENGINE_KEY_FILE=" + file.get() + " cannot be read: " + e);
      return Optional.empty();
    }
  }

  private static List<String> list(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(word -> !word.isEmpty())
        .distinct()
        .toList();
  }
}

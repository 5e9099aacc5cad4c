package dev.stoker.watchdog.command;

import dev.stoker.watchdog.process.ProcessTable;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether all is well, for a person or a monitor.
 *
 * @param api where the api-server is
 * @param dataDirectory where the watchdog has its lock
 */
record HealthCommand(URI api, Path dataDirectory, Paint paint) {

  private static final int DEGRADED = 1;
  private static final int UNREACHABLE = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Pattern STATUS = Pattern.compile("^\\{\"status\":\"([a-z]+)\"");
  private static final Pattern REASON = Pattern.compile("\"reason\":\"((?:[^\"\\\\]|\\\\.)*)\"}*$");

  Answer run() {
    Optional<String> body = ask();
    Optional<Long> watchdog = watchdog();
    String status = body.flatMap(text -> first(STATUS, text)).orElse("unreachable");
    boolean well = status.equals("healthy") && watchdog.isPresent();
    String shown = status.equals("healthy") ? paint.good(status) : paint.bad(status);
    String reason = body.flatMap(text -> first(REASON, text)).map(text -> ", " + text).orElse("");
    String text =
        "api-server at %s: %s%s%nwatchdog: %s"
            .formatted(
                api,
                shown,
                reason,
                watchdog.map(pid -> "runs (pid " + pid + ")").orElse(paint.bad("does not run")));
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("status", status);
    data.put("api", api.toString());
    data.put("reason", body.flatMap(found -> first(REASON, found)).orElse(null));
    data.put("watchdog_running", watchdog.isPresent());
    data.put("watchdog_pid", watchdog.orElse(null));
    if (body.isEmpty()) {
      return new Answer(UNREACHABLE, text, data);
    }
    return new Answer(well ? Answer.DONE : DEGRADED, text, data);
  }

  private Optional<String> ask() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) api.resolve("/health").toURL().openConnection();
      connection.setConnectTimeout((int) PATIENCE.toMillis());
      connection.setReadTimeout((int) PATIENCE.toMillis());
      try (InputStream body =
          connection.getResponseCode() < HttpURLConnection.HTTP_BAD_REQUEST
              ? connection.getInputStream()
              : connection.getErrorStream()) {
        return body == null
            ? Optional.empty()
            : Optional.of(new String(body.readAllBytes(), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Optional<Long> watchdog() {
    try {
      long pid = Long.parseLong(Files.readString(dataDirectory.resolve("watchdog.lock")).strip());
      return Optional.of(pid).filter(ProcessTable::isWatchdog);
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}

package dev.stoker.watchdog.command;

import dev.stoker.database.DatabaseSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Writes the units with which systemd runs this installation.
 *
 * @param home where it is
 * @param java the home of the JDK to run it with
 * @param config a file of settings, which need not exist
 * @param user as whom it runs
 * @param output where the units go
 * @param components which of them
 */
record InitServiceCommand(
    Path home,
    Path java,
    DatabaseSettings database,
    Path config,
    String user,
    Path output,
    List<String> components) {

  private static final Pattern USER = Pattern.compile("[a-z_][a-z0-9_-]{0,31}");

  /** A line that only an installation with its own database has. */
  private static final String EMBEDDED = "@embedded ";

  private static final Pattern PLACE = Pattern.compile("@([a-z_]+)@");

  Answer run() {
    if (components.isEmpty()) {
      throw new Misused("say which units: --api, --watchdog or --all");
    }
    if (!USER.matcher(user).matches() || user.equals("root")) {
      throw new Misused(
          "a service runs as a user of its own, not as '" + user + "': name one with --user");
    }
    List<Path> written = new ArrayList<>();
    try {
      Files.createDirectories(output);
      for (String component : components) {
        Path unit = output.resolve("stoker-" + component + ".service");
        Files.writeString(unit, text(component));
        written.add(unit);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the units: " + e, e);
    }
    return new Answer(Answer.DONE, told(written), Map.of("units", List.copyOf(written)));
  }

  private static String told(List<Path> written) {
    return written.stream().map(Path::toString).collect(Collectors.joining("\n"))
        + "\nInstall them: sudo scripts/install-service.sh, or copy them to /etc/systemd/system.";
  }

  /** One unit. */
  String text(String component) throws IOException {
    Path template = home.resolve("deployment/systemd/stoker-" + component + ".service");
    Map<String, String> values = values();
    return Files.readAllLines(template).stream()
        .filter(line -> database.embedded() || !line.startsWith(EMBEDDED))
        .map(line -> line.startsWith(EMBEDDED) ? line.substring(EMBEDDED.length()) : line)
        .map(line -> filled(line, values))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static String filled(String line, Map<String, String> values) {
    return PLACE
        .matcher(line)
        .replaceAll(found -> Matcher.quoteReplacement(values.get(found.group(1))));
  }

  private Map<String, String> values() {
    String data = database.dataDirectory().toString();
    String logs = database.logDirectory().toString();
    Map<String, String> values = new LinkedHashMap<>();
    values.put("user", user);
    values.put("home_path", UnitText.path(home.toString()));
    values.put("config_path", UnitText.path(config.toString()));
    values.put("postmaster_path", UnitText.path(data + "/postgres/postmaster.pid"));
    values.put("home_variable", UnitText.word("STOKER_HOME=" + home));
    values.put("data_variable", UnitText.word("STOKER_DATA_DIR=" + data));
    values.put("logs_variable", UnitText.word("STOKER_LOG_DIR=" + logs));
    values.put("data_word", UnitText.word(data));
    values.put("logs_word", UnitText.word(logs));
    values.put("java_program", UnitText.program(java.resolve("bin/java").toString()));
    values.put("bash_program", UnitText.program("/bin/bash"));
    values.put("stop_post", argument("scripts/stop-post.sh"));
    values.put("api_jar", argument("api-server/target/api-server.jar"));
    values.put("api_libraries", argument("api-server/target/lib/*"));
    values.put("watchdog_jar", argument("watchdog/target/watchdog.jar"));
    return values;
  }

  private String argument(String path) {
    return UnitText.argument(home + "/" + path);
  }
}

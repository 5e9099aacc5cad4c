package dev.stoker.database;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;

/** Starts, stops and looks at the embedded PostgreSQL from a script. */
public final class PostgresControl {

  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int MISUSED = 2;
  private static final int NOT_RUNNING = 3;

  private static final String HELP =
      """
      Usage: PostgresControl start|stop|status

      Controls the embedded PostgreSQL. It runs as a process of its own.

        start   makes sure that it runs and accepts connections
        stop    makes sure that it does not run
        status  tells whether it runs

      Exit codes: 0 done, or running; 1 failed; 2 wrong arguments; 3 not running (status only).

      Environment:
        STOKER_DATA_DIR       holds the database (default .stoker)
        STOKER_DATABASE_PORT  its port on 127.0.0.1 (default 4082)
        STOKER_LOG_DIR        holds its log (default logs)
        STOKER_DATABASE_URL   names an external database; then there is nothing to control
      """;

  private final PrintStream out;
  private final PrintStream err;

  PostgresControl(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  public static void main(String[] arguments) {
    System.exit(
        new PostgresControl(System.out, System.err).run(List.of(arguments), System.getenv()));
  }

  int run(List<String> arguments, Map<String, String> environment) {
    if (arguments.contains("--help") || arguments.contains("-h")) {
      out.print(HELP);
      return DONE;
    }
    if (arguments.size() != 1
        || !List.of("start", "stop", "status").contains(arguments.getFirst())) {
      err.print(HELP);
      return MISUSED;
    }
    try {
      Settings settings = new Settings(environment);
      DatabaseSettings database = DatabaseSettings.from(settings);
      settings.verify();
      return run(arguments.getFirst(), database);
    } catch (InvalidSettings | EmbeddedPostgresFailed e) {
      err.println(e.getMessage());
      return FAILED;
    }
  }

  private int run(String action, DatabaseSettings settings) {
    if (!settings.embedded()) {
      out.println(
          "An external database is configured; there is no embedded one to " + action + ".");
      return DONE;
    }
    EmbeddedPostgres postgres = new EmbeddedPostgres(settings);
    return switch (action) {
      case "start" -> tell(DONE, describe(postgres.start()));
      case "stop" ->
          tell(DONE, postgres.stop() ? "PostgreSQL stopped." : "PostgreSQL was not running.");
      default ->
          postgres
              .status()
              .map(running -> tell(DONE, describe(running)))
              .orElseGet(() -> tell(NOT_RUNNING, "PostgreSQL is not running."));
    };
  }

  private int tell(int exitCode, String line) {
    out.println(line);
    return exitCode;
  }

  private static String describe(EmbeddedPostgres.Running running) {
    return "PostgreSQL runs on 127.0.0.1:%d (process %d).".formatted(running.port(), running.pid());
  }
}

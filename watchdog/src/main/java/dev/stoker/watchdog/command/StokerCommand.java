package dev.stoker.watchdog.command;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.Gate;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.model.ModelTable;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** What {@code scripts/stoker} runs, but for what it does by itself. */
public final class StokerCommand {

  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(5);
  private static final int RECOVERIES_MAX = 1000;
  private static final int WATCH_MAX = 3600;
  private static final String CLEAR_SCREEN = "\u001b[H\u001b[2J";

  private final Settings settings;
  private final DatabaseSettings database;
  private final Gate gate;
  private final RespawnLimits respawns;
  private final Path home;
  private final Paint paint;

  private StokerCommand(Settings settings) {
    this.settings = settings;
    this.database = DatabaseSettings.from(settings);
    this.gate = Gate.from(settings);
    this.respawns = RespawnLimits.from(settings);
    this.home =
        settings.path("STOKER_HOME", Path.of("."), "the directory that Stoker is installed in");
    this.paint = new Paint(Boolean.getBoolean("stoker.colour"));
    settings.verify();
  }

  /**
   * @param arguments as {@code scripts/stoker --help} says
   */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments)));
  }

  private static int run(List<String> words) {
    try {
      return new StokerCommand(Settings.ofEnvironment()).perform(words);
    } catch (Misused e) {
      System.err.println("stoker: " + e.getMessage() + "; see scripts/stoker --help");
      return Answer.MISUSED;
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      return Answer.FAILED;
    } catch (UncheckedIOException e) {
      System.err.println("stoker: " + e.getMessage());
      return Answer.FAILED;
    } catch (DataAccessException | TransactionException e) {
      System.err.println("stoker: the database cannot be read: " + reason(e));
      return Answer.UNREACHABLE;
    }
  }

  /** What lies at the bottom of a failure, on one line. */
  static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse(cause.toString());
  }

  private int perform(List<String> words) {
    List<String> rest = words.subList(Math.min(1, words.size()), words.size());
    return switch (words.isEmpty() ? "" : words.getFirst()) {
      case "status" -> status(Invocation.parse(rest, Set.of("--json", "--watch")));
      case "recoveries" -> recoveries(Invocation.parse(rest, Set.of("--json", "-n")));
      case "resume" -> wish(SlotWish.RESUME, Invocation.parse(rest, Set.of("--json")));
      case "restart" -> wish(SlotWish.RESTART, Invocation.parse(rest, Set.of("--json")));
      case "models" -> models(Invocation.parse(rest, Set.of("--json")));
      case "health" -> health(Invocation.parse(rest, Set.of("--json")));
      case "doctor" -> doctor(Invocation.parse(rest, Set.of("--json")));
      case "init" -> initService(rest);
      default -> throw new Misused("unknown command " + words);
    };
  }

  private int status(Invocation invocation) {
    invocation.noNames();
    return asking(
        opened -> {
          StatusCommand command = new StatusCommand(opened.jdbc(), gate, respawns, paint);
          if (!invocation.has("--watch")) {
            return say(command.run(), invocation);
          }
          return watch(command, invocation, invocation.number("--watch", 1, WATCH_MAX));
        });
  }

  /** Until it is interrupted; a database that is away for a while ends it no more than that. */
  private int watch(StatusCommand command, Invocation invocation, int seconds) {
    while (true) {
      try {
        Answer answer = command.run();
        if (paint.on()) {
          System.out.print(CLEAR_SCREEN);
        }
        say(answer, invocation);
      } catch (DataAccessException | TransactionException e) {
        System.err.println("stoker: the database cannot be read: " + reason(e));
      }
      try {
        Thread.sleep(Duration.ofSeconds(seconds));
      } catch (InterruptedException e) {
        return Answer.DONE;
      }
    }
  }

  private int recoveries(Invocation invocation) {
    invocation.noNames();
    int most = invocation.number("-n", 20, RECOVERIES_MAX);
    return asking(opened -> say(new RecoveriesCommand(opened.jdbc(), most).run(), invocation));
  }

  private int wish(SlotWish wish, Invocation invocation) {
    return asking(
        opened -> {
          WorkerSlotTable table = new WorkerSlotTable(opened.jdbc());
          return say(
              new WishCommand(table, wish, invocation.names(), System::nanoTime).run(), invocation);
        });
  }

  private int models(Invocation invocation) {
    return asking(
        opened ->
            say(
                new ModelsCommand(
                        new ModelTable(opened.jdbc()),
                        new WorkerHeartbeatTable(opened.jdbc()),
                        gate,
                        paint,
                        invocation.names())
                    .run(),
                invocation));
  }

  private int health(Invocation invocation) {
    invocation.noNames();
    URI api = URI.create(System.getProperty("stoker.api", "http://127.0.0.1:4080"));
    return say(new HealthCommand(api, database.dataDirectory(), paint).run(), invocation);
  }

  private int doctor(Invocation invocation) {
    invocation.noNames();
    return asking(
        opened -> say(new DoctorCommand(database, opened, gate, home, paint).run(), invocation));
  }

  private int initService(List<String> words) {
    if (words.isEmpty() || !words.getFirst().equals("service")) {
      throw new Misused("init what? init service");
    }
    Set<String> options =
        Set.of("--json", "--api", "--watchdog", "--all", "--config", "--user", "--output-dir");
    Invocation invocation = Invocation.parse(words.subList(1, words.size()), options);
    invocation.noNames();
    Path config =
        Path.of(
            invocation
                .value("--config")
                .or(() -> settings.optional("STOKER_ENV_FILE", "the file of settings"))
                .orElseGet(() -> home.resolve(".env").toString()));
    return say(
        new InitServiceCommand(
                home,
                Path.of(System.getProperty("java.home")),
                database,
                config.toAbsolutePath().normalize(),
                invocation.value("--user").orElseGet(() -> System.getProperty("user.name")),
                Path.of(invocation.value("--output-dir").orElse(".")).toAbsolutePath().normalize(),
                components(invocation))
            .run(),
        invocation);
  }

  private List<String> components(Invocation invocation) {
    boolean all = invocation.has("--all");
    List<String> components = new ArrayList<>();
    if (all || invocation.has("--api")) {
      components.add("api");
    }
    if (all || invocation.has("--watchdog")) {
      components.add("watchdog");
    }
    if (!components.isEmpty() && database.embedded()) {
      components.add("postgres");
    }
    return components;
  }

  private int asking(Function<Database, Integer> question) {
    try (Database opened = Database.dedicated(database, "stoker command", SOCKET_TIMEOUT)) {
      return question.apply(opened);
    }
  }

  private static int say(Answer answer, Invocation invocation) {
    System.out.println(invocation.has("--json") ? JsonText.of(answer.data()) : answer.text());
    return answer.status();
  }
}

package dev.stoker.api;

import dev.stoker.database.EmbeddedPostgres;
import dev.stoker.database.EmbeddedPostgresFailed;
import dev.stoker.health.HostName;
import dev.stoker.logging.ErrorReports;
import dev.stoker.service.ServiceNotice;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedExceptionUtils;

/** Starts the api-server, and the embedded database with it if that is what there is. */
public final class ApiServer {
  /** As sysexits.h has it: a supervisor need not try again. */
  private static final int EXIT_CONFIGURATION = 78;

  private static final int EXIT_FAILED = 1;
  private static final Logger log = LoggerFactory.getLogger(ApiServer.class);

  private ApiServer() {}

  /**
   * @param arguments none; or {@code --rehearse} to go once through what every start does, where
   *     nobody asks, for a JVM that is told to remember it
   */
  public static void main(String[] arguments) {
    try {
      ApiSettings settings = ApiSettings.from(Settings.ofEnvironment());
      if (List.of(arguments).contains("--rehearse")) {
        Rehearsal.of(settings);
        System.exit(0);
      }
      ServiceNotice notice = ServiceNotice.ofThisProcess(System::nanoTime);
      Liveness.tell(notice, start(settings), settings.http());
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      System.exit(EXIT_CONFIGURATION);
    } catch (EmbeddedPostgresFailed | IOException e) {
      System.err.println(e.getMessage());
      System.exit(EXIT_FAILED);
    } catch (RuntimeException e) {
      // Spring has logged why.
      boolean unknown = NestedExceptionUtils.getMostSpecificCause(e) instanceof UnknownSchema;
      System.exit(unknown ? EXIT_CONFIGURATION : EXIT_FAILED);
    }
  }

  /** Returns once it listens. */
  static ConfigurableApplicationContext start(ApiSettings settings) {
    settings.reports().start("api-server", HostName.read(), System::nanoTime);
    if (settings.database().embedded()) {
      new EmbeddedPostgres(settings.database()).start();
    }
    ConfigurableApplicationContext context = application(settings, "api_server").run();
    if (settings.http().open()) {
      log.warn(
          "STOKER_ALLOW_OPEN: EVERYBODY WHO REACHES {} MAY USE THIS SERVER, NO KEY IS ASKED FOR",
          settings.http().host());
    }
    return context;
  }

  /**
   * The server, which is not started yet.
   *
   * @param logName of its log file
   */
  static SpringApplication application(ApiSettings settings, String logName) {
    SpringApplication application = new SpringApplication(Application.class);
    application.setEnvironment(new SpringSettings(settings, logName));
    application.addInitializers(context -> register(context, settings));
    return application;
  }

  private static void register(ConfigurableApplicationContext context, ApiSettings settings) {
    var beans = context.getBeanFactory();
    beans.registerSingleton("databaseSettings", settings.database());
    beans.registerSingleton("uploadSettings", settings.upload());
    beans.registerSingleton("intakeSettings", settings.intake());
    beans.registerSingleton("gate", settings.gate());
    beans.registerSingleton("respawnLimits", settings.respawns());
    beans.registerSingleton("nanoTime", (LongSupplier) System::nanoTime);
    // Spring has set up the log by now. What is registered first is closed last.
    settings.reports().reportErrorLines();
    ((DefaultSingletonBeanRegistry) beans)
        .registerDisposableBean("errorReports", ErrorReports::close);
  }
}

package dev.stoker.api;

import dev.stoker.logging.ProcessLog;
import java.util.HashMap;
import java.util.Map;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;

/**
 * What Spring Boot is told. It reads neither the environment nor system properties by itself:
 * Stoker's keys are the only way to set anything.
 */
final class SpringSettings extends StandardEnvironment {

  /**
   * @param logName of the log file
   */
  SpringSettings(ApiSettings settings, String logName) {
    getPropertySources().addFirst(new MapPropertySource("stoker", properties(settings, logName)));
  }

  @Override
  protected void customizePropertySources(MutablePropertySources sources) {
    // None but Stoker's.
  }

  private static Map<String, Object> properties(ApiSettings settings, String logName) {
    Map<String, Object> properties = new HashMap<>();
    web(properties, settings);
    database(properties);
    logging(properties, settings.log(), logName);
    properties.put("spring.main.banner-mode", "off");
    properties.put("spring.application.name", "stoker-api");
    properties.put("spring.threads.virtual.enabled", true);
    properties.put("spring.lifecycle.timeout-per-shutdown-phase", "20s");
    return properties;
  }

  private static void web(Map<String, Object> properties, ApiSettings settings) {
    properties.put("server.address", settings.http().host());
    properties.put("server.port", settings.http().port());
    properties.put("server.shutdown", "graceful");
    properties.put("server.tomcat.connection-timeout", "60s");
    properties.put("server.tomcat.keep-alive-timeout", "75s");
    // Each has its buffers: thousands that do nothing would take the heap from those that do.
    properties.put("server.tomcat.max-connections", 4096);
    properties.put("server.max-http-request-header-size", "32KB");
    // The body of an upload belongs to its controller: nothing may read it first.
    properties.put("spring.servlet.multipart.enabled", false);
    properties.put("spring.mvc.formcontent.filter.enabled", false);
    properties.put("spring.web.resources.add-mappings", false);
  }

  private static void database(Map<String, Object> properties) {
    properties.put("spring.flyway.locations", "classpath:db/migration");
    properties.put("spring.jpa.hibernate.ddl-auto", "none");
    properties.put("spring.jpa.open-in-view", false);
    // Which it would ask the database for: a start that finds it away would fail.
    properties.put("spring.jpa.properties.jakarta.persistence.database-product-name", "PostgreSQL");
    properties.put("spring.jpa.properties.hibernate.boot.allow_jdbc_metadata_access", false);
    // What it would do by classes that it generates; see NoGeneratedClasses.
    properties.put("spring.jpa.properties.hibernate.enhancer.enableLazyInitialization", false);
    properties.put("spring.jpa.properties.hibernate.enhancer.enableDirtyTracking", false);
  }

  private static void logging(Map<String, Object> properties, ProcessLog log, String name) {
    properties.put("logging.file.name", log.directory().resolve(name + ".log").toString());
    // Nobody rotates the file that the console goes to: only errors are said there too.
    properties.put("logging.threshold.console", "error");
    properties.put("logging.level.org.hibernate", "warn");
    // Of the two settings by which it generates no classes: nothing that an operator could do.
    properties.put("logging.level.org.hibernate.orm.deprecation", "error");
    properties.put("logging.level.org.springframework.web.servlet.PageNotFound", "error");
    properties.put("logging.logback.rollingpolicy.max-file-size", ProcessLog.FILE_MAX);
    properties.put("logging.logback.rollingpolicy.max-history", ProcessLog.DAYS_MAX);
    properties.put("logging.logback.rollingpolicy.total-size-cap", ProcessLog.TOTAL_MAX);
  }
}

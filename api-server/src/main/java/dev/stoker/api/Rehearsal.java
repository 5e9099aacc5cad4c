package dev.stoker.api;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.List;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Starts a server where nobody asks, lets it answer once what changes nothing, and ends it: a JVM
 * that watches remembers what every start loads and links.
 */
final class Rehearsal {
  private static final List<String> ASKED =
      List.of("/health", "/v1/models", "/v1/files", "/v1/batches", "/v1/batches/none");

  private Rehearsal() {}

  static void of(ApiSettings settings) throws IOException {
    ApiSettings apart = settings.forRehearsal();
    try (ConfigurableApplicationContext context = ApiServer.serve(apart, "api_server-rehearsal")) {
      for (String path : ASKED) {
        ask(Liveness.server(context, apart.http()).resolve(path));
      }
    }
  }

  /** Whatever the answer. */
  private static void ask(URI asked) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) asked.toURL().openConnection();
    connection.getResponseCode();
    connection.disconnect();
  }
}

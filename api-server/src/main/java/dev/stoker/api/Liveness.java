package dev.stoker.api;

import dev.stoker.api.http.HttpSettings;
import dev.stoker.loop.Loop;
import dev.stoker.service.ServiceNotice;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;

/**
 * Tells the service manager that this server lives, each time that it has answered a request of its
 * own. A server whose connector hangs then says nothing and is started anew; one whose database
 * hangs goes on, since a new one would fare no better.
 */
final class Liveness implements Loop.Step {
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

  private final ServiceNotice notice;
  private final URI probe;

  Liveness(ServiceNotice notice, URI probe) {
    this.notice = notice;
    this.probe = probe;
  }

  /** From now until the server ends; its tables are there, since it has migrated them. */
  static void tell(
      ServiceNotice notice, ConfigurableApplicationContext context, HttpSettings http) {
    context.addApplicationListener(
        (ApplicationListener<ContextClosedEvent>) _ -> notice.stopping());
    URI server = server(context, http);
    notice
        .pingEvery()
        .ifPresent(
            every ->
                new Loop("liveness", every, new Liveness(notice, server.resolve("/health/live")))
                    .start());
    notice.ready("serves " + server + "/v1");
  }

  @Override
  public boolean run() throws IOException {
    HttpURLConnection connection = (HttpURLConnection) probe.toURL().openConnection();
    connection.setConnectTimeout((int) ANSWER_TIMEOUT.toMillis());
    connection.setReadTimeout((int) ANSWER_TIMEOUT.toMillis());
    try {
      if (connection.getResponseCode() == HttpURLConnection.HTTP_OK) {
        notice.alive();
      }
    } finally {
      connection.disconnect();
    }
    return false;
  }

  /** Where it is reached from here: what listens on every address is asked on the loopback one. */
  static URI server(ConfigurableApplicationContext context, HttpSettings http) {
    try {
      InetAddress address = InetAddress.getByName(http.host());
      InetAddress asked = address.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address;
      int port = ((WebServerApplicationContext) context).getWebServer().getPort();
      String host = asked.getHostAddress();
      return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
    } catch (IOException e) {
      throw new IllegalStateException("it listens on " + http.host() + ", which is unknown", e);
    }
  }
}

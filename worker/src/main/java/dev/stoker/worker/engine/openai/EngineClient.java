package dev.stoker.worker.engine.openai;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.EndpointDetails;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * Speaks HTTP with one server. Blocking, which costs nothing on a virtual thread; as many
 * connections as requests, kept alive.
 */
final class EngineClient implements AutoCloseable {

  private static final Timeout CONNECT_TIMEOUT = Timeout.ofSeconds(5);

  /** vLLM's server closes an idle connection after 5 s (uvicorn's timeout_keep_alive). */
  private static final Timeout IDLE_MAX = Timeout.ofSeconds(4);

  /** Whoever asks about the engine while it has as many requests as it may have. */
  private static final int PROBE_CONNECTIONS = 16;

  private static final long PROBE_BYTES_MAX = 16 * 1024 * 1024;
  private static final Duration NO_TIMEOUT = Duration.ZERO;

  /** One request that may be cancelled while it runs. */
  final class Outgoing {
    private final HttpUriRequestBase request;
    private final long bytesMax;
    private boolean answering;

    private Outgoing(HttpUriRequestBase request, long bytesMax) {
      this.request = request;
      this.bytesMax = bytesMax;
    }

    /** Lets {@link #run} end soon, whatever it waits for. */
    void cancel() {
      request.cancel();
    }

    /**
     * Sends it and waits for the answer, on the calling thread.
     *
     * @throws InterruptedException when that thread is wanted back
     */
    Exchange run() throws InterruptedException {
      HttpClientContext context = HttpClientContext.create();
      try {
        return client.execute(request, context, this::read);
      } catch (IOException | IllegalStateException e) {
        // The client answers an interrupt with an IOException and leaves the flag up.
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        return failure(context, e);
      }
    }

    private Exchange read(ClassicHttpResponse response) throws IOException {
      answering = true;
      HttpEntity entity = response.getEntity();
      Optional<byte[]> body =
          entity == null ? Optional.of(new byte[0]) : body(entity, bytesMax, request);
      return body.<Exchange>map(
              bytes -> new Exchange.Response(response.getCode(), bytes, retryAfter(response)))
          .orElseGet(() -> new Exchange.TooLong(bytesMax));
    }

    private Exchange failure(HttpClientContext context, Exception cause) {
      EndpointDetails connection = context.getEndpointDetails();
      if (connection == null) {
        return new Exchange.NotReached(reason(cause));
      }
      if (cause instanceof SocketTimeoutException) {
        return new Exchange.Late();
      }
      return new Exchange.Broken(
          reason(cause), !answering && connection.getRequestCount() > 1 && !request.isCancelled());
    }
  }

  private final String base;
  private final long replyBytesMax;
  private final PoolingHttpClientConnectionManager connections;
  private final CloseableHttpClient client;

  /**
   * @param url of the server, without {@code /v1}
   * @throws IOException when the certificates cannot be read
   */
  EngineClient(URI url, OpenAiSettings settings) throws IOException {
    this.base = url.toString();
    this.replyBytesMax = settings.replyBytesMax();
    this.connections = connections(settings);
    this.client =
        HttpClients.custom()
            .setConnectionManager(connections)
            .setDefaultHeaders(headers(settings.headers()))
            .setUserAgent("Stoker")
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableContentCompression()
            .build();
  }

  private static PoolingHttpClientConnectionManager connections(OpenAiSettings settings)
      throws IOException {
    PoolingHttpClientConnectionManagerBuilder builder =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setPoolConcurrencyPolicy(PoolConcurrencyPolicy.LAX)
            .setMaxConnPerRoute(settings.slotsMax() + PROBE_CONNECTIONS)
            .setMaxConnTotal(settings.slotsMax() + PROBE_CONNECTIONS)
            .setDefaultSocketConfig(SocketConfig.custom().setSoKeepAlive(true).build())
            .setDefaultConnectionConfig(
                ConnectionConfig.custom()
                    .setConnectTimeout(CONNECT_TIMEOUT)
                    .setIdleTimeout(IDLE_MAX)
                    .setValidateAfterInactivity(TimeValue.ofSeconds(1))
                    .build());
    if (settings.authorities().isPresent()) {
      builder.setTlsSocketStrategy(
          new DefaultClientTlsStrategy(Trust.also(settings.authorities().get())));
    }
    return builder.build();
  }

  private static List<BasicHeader> headers(List<Header> headers) {
    return headers.stream().map(header -> new BasicHeader(header.name(), header.value())).toList();
  }

  /** A request that waits for its answer until it is cancelled. */
  Outgoing outgoing(String path, byte[] body) {
    return outgoing(path, body, NO_TIMEOUT);
  }

  private Outgoing outgoing(String path, byte[] body, Duration timeout) {
    HttpPost request = new HttpPost(base + path);
    request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
    request.setConfig(waiting(timeout));
    return new Outgoing(request, replyBytesMax);
  }

  /** Asks for something small, and waits so long for each part of the answer. */
  Exchange post(String path, byte[] body, Duration timeout) throws InterruptedException {
    return againIfStale(() -> outgoing(path, body, timeout));
  }

  /** The same. */
  Exchange get(String path, Duration timeout) throws InterruptedException {
    return againIfStale(
        () -> {
          HttpGet request = new HttpGet(base + path);
          request.setConfig(waiting(timeout));
          return new Outgoing(request, PROBE_BYTES_MAX);
        });
  }

  private Exchange againIfStale(Supplier<Outgoing> request) throws InterruptedException {
    Exchange exchange = request.get().run();
    if (exchange instanceof Exchange.Broken broken && broken.stale()) {
      forgetIdle();
      return request.get().run();
    }
    return exchange;
  }

  /** The next request gets a connection of its own. */
  void forgetIdle() {
    connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
  }

  private static RequestConfig waiting(Duration timeout) {
    return RequestConfig.custom()
        .setResponseTimeout(Timeout.of(timeout.toMillis(), TimeUnit.MILLISECONDS))
        .build();
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
  }

  /** Empty if there is more than that. */
  private static Optional<byte[]> body(HttpEntity entity, long bytesMax, HttpUriRequestBase request)
      throws IOException {
    int expected = (int) Math.clamp(entity.getContentLength(), 1024, bytesMax);
    ByteArrayOutputStream out = new ByteArrayOutputStream(expected);
    byte[] chunk = new byte[8192];
    try (InputStream in = entity.getContent()) {
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        if (out.size() + read > bytesMax) {
          request.cancel(); // or the rest would be read to use the connection again
          return Optional.empty();
        }
        out.write(chunk, 0, read);
      }
    }
    return Optional.of(out.toByteArray());
  }

  /** In seconds, as engines write it; a date is not understood. */
  private static Optional<Duration> retryAfter(ClassicHttpResponse response) {
    org.apache.hc.core5.http.Header header = response.getFirstHeader("Retry-After");
    try {
      return header == null
          ? Optional.empty()
          : Optional.of(
              Duration.ofMillis(
                  Math.clamp(
                      (long) (Double.parseDouble(header.getValue()) * 1000), 0, 86_400_000)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static String reason(Exception cause) {
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }
}

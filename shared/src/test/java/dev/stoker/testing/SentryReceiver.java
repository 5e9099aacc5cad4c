package dev.stoker.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/** A Sentry server that takes what the real SDK sends, takes it apart, and can be made to fail. */
public final class SentryReceiver implements AutoCloseable {

  /** One item of an envelope: its header, as JSON, and what follows. */
  public record Item(String header, byte[] content) {

    /** Such as {@code event}, {@code attachment}, {@code check_in}. */
    public String type() {
      return field("type");
    }

    /** The header's field, or nothing. */
    public String field(String name) {
      Matcher field = Pattern.compile("\"" + name + "\":\"?([^\",}]*)").matcher(header);
      return field.find() ? field.group(1) : "";
    }

    public String text() {
      return new String(content, UTF_8);
    }
  }

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<List<Item>> envelopes = new CopyOnWriteArrayList<>();
  private final AtomicInteger held = new AtomicInteger();
  private final CountDownLatch released = new CountDownLatch(1);
  private volatile boolean holding;
  private volatile String refusal = "";

  public SentryReceiver() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::receive);
    server.start();
  }

  public String dsn() {
    return "http://secretkey@127.0.0.1:" + server.getAddress().getPort() + "/7";
  }

  /** From now on requests are read, but answered only at the end. */
  public void hold() {
    holding = true;
  }

  /** From now on the answer is 429, with this {@code X-Sentry-Rate-Limits}. */
  public void refuse(String limits) {
    refusal = limits;
  }

  /** How many requests wait for an answer. */
  public int held() {
    return held.get();
  }

  /** Each envelope that arrived, as its items. */
  public List<List<Item>> envelopes() {
    return List.copyOf(envelopes);
  }

  public List<Item> items(String type) {
    return envelopes.stream()
        .flatMap(List::stream)
        .filter(item -> item.type().equals(type))
        .toList();
  }

  /** The items of a type, once there are so many. */
  public List<Item> await(String type, int count) {
    Until.within(PATIENCE).holds(() -> items(type).size() >= count);
    return items(type);
  }

  @Override
  public void close() {
    released.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      envelopes.add(items(body(exchange)));
      if (holding) {
        held.incrementAndGet();
        released.await();
      }
      byte[] answer = "{}".getBytes(UTF_8);
      if (!refusal.isEmpty()) {
        exchange.getResponseHeaders().set("X-Sentry-Rate-Limits", refusal);
      }
      exchange.sendResponseHeaders(refusal.isEmpty() ? 200 : 429, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] body(HttpExchange exchange) throws IOException {
    InputStream body = exchange.getRequestBody();
    boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
    return (zipped ? new GZIPInputStream(body) : body).readAllBytes();
  }

  /** A line of headers, then for each item a line of headers and as many bytes as that says. */
  private static List<Item> items(byte[] envelope) throws IOException {
    ByteArrayInputStream in = new ByteArrayInputStream(envelope);
    line(in);
    List<Item> items = new ArrayList<>();
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      int length = Integer.parseInt(new Item(header, new byte[0]).field("length"));
      items.add(new Item(header, in.readNBytes(length)));
      line(in);
    }
    return items;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
      line.append((char) next);
    }
    return line.toString();
  }
}

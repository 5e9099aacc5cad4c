package dev.stoker.engine.mock;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.line.Json;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.Arrays;
import java.util.Optional;

/**
 * One connection. It takes one request after the other: whoever sends a second before the answer to
 * the first is cut off.
 */
@SuppressWarnings("FutureReturnValueIgnored") // whoever has gone needs no answer
final class MockHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private final MockServer server;
  private SlotQueue.Entry<Generator.Work> current;

  MockHandler(MockServer server) {
    this.server = server;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    server.counters().connected();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    server.counters().disconnected();
    if (current != null) {
      server.generator().cancel(current);
      current = null;
    }
  }

  /** A connection that breaks is what many tests want; the other side has been told. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    if (current != null) {
      context.close();
      return;
    }
    Exchange exchange = new Exchange(context, HttpUtil.isKeepAlive(request));
    String path = request.uri().replaceFirst("\\?.*", "");
    byte[] body = ByteBufUtil.getBytes(request.content());
    if (path.startsWith("/mock/")) {
      exchange.send(server.control().answer(request.method(), request.uri(), body));
    } else if (server.isLoading()) {
      exchange.send(Reply.error(503, "the model is being loaded", ""));
    } else if (request.method().equals(HttpMethod.POST)) {
      compute(exchange, path, body, request.headers());
    } else {
      exchange.send(page(path));
    }
  }

  private Reply page(String path) {
    return switch (path) {
      case "/health" -> new Reply(200, "", "text/plain");
      case "/v1/models" -> Reply.json(200, server.models());
      case "/metrics" ->
          server.settings().metrics() == MetricNames.NONE
              ? notFound(path)
              : new Reply(200, server.generator().metrics(), "text/plain; version=0.0.4");
      default -> notFound(path);
    };
  }

  private static Reply notFound(String path) {
    return Reply.error(404, "there is no " + path, "");
  }

  private void compute(Exchange exchange, String path, byte[] body, HttpHeaders headers) {
    Optional<MockEndpoint> endpoint = MockEndpoint.ofPath(path);
    if (endpoint.isEmpty()) {
      exchange.send(notFound(path));
      return;
    }
    BodyHash hash = BodyHash.of(path, body);
    server.counters().requested(hash, System.nanoTime());
    MockFaults.Fate fate = server.faults().next(body);
    if (fate == MockFaults.Fate.CRASH) {
      server.crash();
      return;
    }
    Optional<MockRequest> request = MockRequest.of(body);
    Optional<Reply> refusal = refusal(fate, request, headers);
    if (refusal.isPresent()) {
      exchange.send(refusal.get());
      return;
    }
    MockAnswer answer =
        MockAnswers.of(endpoint.get(), request.get(), hash, server.settings().tokens());
    current =
        server
            .generator()
            .add(
                new Generator.Work(
                    answer,
                    request.get().promptTokens(),
                    () -> {
                      current = null;
                      end(exchange, answer.body(), fate);
                    }),
                hash);
  }

  /** What is said to a request that is not computed. */
  private Optional<Reply> refusal(
      MockFaults.Fate fate, Optional<MockRequest> request, HttpHeaders headers) {
    String retryAfter = server.faults().retryAfter();
    String key = server.settings().key();
    if (!key.isEmpty() && !("Bearer " + key).equals(headers.get("Authorization"))) {
      return Optional.of(Reply.error(401, "the key is wrong", ""));
    }
    if (fate == MockFaults.Fate.BUSY) {
      server.counters().refused();
      return Optional.of(Reply.error(429, "too many requests", retryAfter));
    }
    if (fate == MockFaults.Fate.UNAVAILABLE) {
      server.counters().refused();
      return Optional.of(Reply.error(503, "out of service for a while", retryAfter));
    }
    if (request.isEmpty()) {
      return Optional.of(Reply.error(400, "the body is not a JSON object", ""));
    }
    String model = request.get().model();
    if (!server.settings().models().contains(model)) {
      return Optional.of(Reply.error(404, "The model `" + model + "` does not exist.", ""));
    }
    if (!server.generator().hasRoom()) {
      server.counters().refused();
      return Optional.of(Reply.error(429, "the queue is full", retryAfter));
    }
    return Optional.empty();
  }

  private void end(Exchange exchange, byte[] body, MockFaults.Fate fate) {
    switch (fate) {
      case FAILED -> exchange.send(Reply.error(500, "the mock was told to fail", ""));
      case RESET -> exchange.reset();
      case TRUNCATED -> exchange.truncate(body);
      case GARBLED -> exchange.send(200, Arrays.copyOf(body, body.length / 2));
      default -> {
        exchange.send(200, body);
        server.counters().answered(System.nanoTime());
      }
    }
  }

  /** What is sent at once; an empty {@code retryAfter} is left out. */
  record Reply(int status, String body, String type, String retryAfter) {
    Reply(int status, String body, String type) {
      this(status, body, type, "");
    }

    static Reply json(int status, String body) {
      return new Reply(status, body, "application/json");
    }

    static Reply error(int status, String message, String retryAfter) {
      return new Reply(
          status,
          Json.error(message, "mock_error", "", Integer.toString(status)),
          "application/json",
          retryAfter);
    }
  }

  private record Exchange(ChannelHandlerContext context, boolean keepAlive) {

    void send(int status, byte[] body) {
      write(status, body, "application/json", "");
    }

    void send(Reply reply) {
      write(reply.status(), reply.body().getBytes(UTF_8), reply.type(), reply.retryAfter());
    }

    private void write(int status, byte[] body, String type, String retryAfter) {
      DefaultFullHttpResponse response =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1,
              HttpResponseStatus.valueOf(status),
              Unpooled.wrappedBuffer(body));
      headers(response, body.length, type);
      if (!retryAfter.isEmpty()) {
        response.headers().set(HttpHeaderNames.RETRY_AFTER, retryAfter);
      }
      HttpUtil.setKeepAlive(response, keepAlive);
      var written = context.writeAndFlush(response);
      if (!keepAlive) {
        written.addListener(ChannelFutureListener.CLOSE);
      }
    }

    private static void headers(HttpResponse response, int length, String type) {
      response
          .headers()
          .set(HttpHeaderNames.CONTENT_TYPE, type)
          .set(HttpHeaderNames.CONTENT_LENGTH, length);
    }

    /** With nothing lingering a close is a reset. */
    void reset() {
      context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
      context.close();
    }

    void truncate(byte[] body) {
      HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
      headers(head, body.length, "application/json");
      context.write(head);
      context
          .writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(body, 0, body.length / 2)))
          .addListener(ChannelFutureListener.CLOSE);
    }
  }
}

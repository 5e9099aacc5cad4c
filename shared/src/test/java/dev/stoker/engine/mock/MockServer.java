package dev.stoker.engine.mock;

import dev.stoker.line.Json;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The mock engine's connections, and whether there are any. All state belongs to one thread. */
@SuppressWarnings(
    "FutureReturnValueIgnored") // closing cannot fail, and the loop lives as long as this
final class MockServer implements AutoCloseable {
  private static final int BODY_BYTES_MAX = 64 * 1024 * 1024;
  private static final int BACKLOG = 4096;

  /** As a shell reports a process that died of a segmentation fault. */
  private static final int CRASHED = 139;

  private final MockSettings settings;
  private final boolean isProcess;
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("mock-engine", true), NioIoHandler.newFactory());
  private final EventLoop loop = (EventLoop) group.next();
  private final ChannelGroup connections = new DefaultChannelGroup(loop);
  private final MockCounters counters = new MockCounters();
  private final Generator generator;
  private final MockFaults faults;
  private final MockControl control;
  private final long loadedAt;
  private Channel listening;

  /**
   * Begins to listen.
   *
   * @param isProcess whether a crash ends this process, instead of only the connections
   */
  MockServer(MockSettings settings, EngineCore core, boolean isProcess) {
    this.settings = settings;
    this.isProcess = isProcess;
    EngineClock clock = new EngineClock(System.nanoTime());
    this.generator = new Generator(loop, System::nanoTime, clock, settings, counters);
    this.faults =
        new MockFaults(this::inLoop, System::nanoTime, clock, generator::wake, this::goAway);
    this.control = new MockControl(this, core);
    this.loadedAt = System.nanoTime() + settings.load().toNanos();
    this.listening = listener(settings.port()).syncUninterruptibly().channel();
  }

  private ChannelFuture listener(int port) {
    return new ServerBootstrap()
        .group(group)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(new Connections())
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  private final class Connections extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel channel) {
      connections.add(channel);
      channel
          .pipeline()
          .addLast(
              new HttpServerCodec(),
              new HttpObjectAggregator(BODY_BYTES_MAX),
              new MockHandler(MockServer.this));
    }
  }

  int port() {
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  MockSettings settings() {
    return settings;
  }

  MockCounters counters() {
    return counters;
  }

  Generator generator() {
    return generator;
  }

  MockFaults faults() {
    return faults;
  }

  MockControl control() {
    return control;
  }

  boolean isLoading() {
    return loadedAt - System.nanoTime() > 0;
  }

  /** The body of {@code GET /v1/models}. */
  String models() {
    return settings.models().stream()
        .map(
            model ->
                "{\"id\":%s,\"object\":\"model\",\"created\":0,\"owned_by\":\"mock\"}"
                    .formatted(Json.quote(model)))
        .collect(Collectors.joining(",", "{\"object\":\"list\",\"data\":[", "]}"));
  }

  void crash() {
    counters.crashed();
    if (isProcess) {
      Runtime.getRuntime().halt(CRASHED);
    }
    goAway(faults.backAfter());
  }

  /** For a time nobody listens on the port. */
  private void goAway(Duration time) {
    int port = port();
    generator.clear();
    listening.close();
    connections.close();
    loop.schedule(() -> comeBack(port), time.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void comeBack(int port) {
    listener(port)
        .addListener(
            (ChannelFutureListener)
                bound -> {
                  if (bound.isSuccess()) {
                    listening = bound.channel();
                  } else {
                    comeBack(port);
                  }
                });
  }

  /** Runs something in the one thread and waits for its end. */
  void inLoop(Runnable action) {
    if (loop.inEventLoop()) {
      action.run();
    } else {
      loop.submit(action).syncUninterruptibly();
    }
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}

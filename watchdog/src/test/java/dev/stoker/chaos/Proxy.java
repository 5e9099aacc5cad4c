package dev.stoker.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A way to a server on which everything can happen that happens to connections. */
final class Proxy implements AutoCloseable {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final long LOOK_EVERY = TimeUnit.MILLISECONDS.toNanos(5);
  private static final int BUFFER_BYTES = 16_384;
  private static final double FRAILTY = 0.002;

  private final int target;
  private final int port;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile ServerSocket server;
  private volatile boolean silent;
  private volatile boolean swallowing;
  private volatile boolean frail;
  private volatile Duration delay = Duration.ZERO;

  /** Listens on the port, and leads to the target, both on the loopback address. */
  Proxy(int port, int target) throws IOException {
    this.port = port;
    this.target = target;
    listen();
  }

  int port() {
    return port;
  }

  /** Nothing passes, and nobody is told. */
  void silent(boolean now) {
    silent = now;
  }

  /** What the server says is lost; what it is told arrives. */
  void swallowReplies(boolean now) {
    swallowing = now;
  }

  /** Each piece that passes may be the last of its connection. */
  void frail(boolean now) {
    frail = now;
  }

  /** How much later each piece arrives. */
  void delay(Duration each) {
    delay = each;
  }

  /** Ends all connections, in whatever they are doing. */
  void cut() {
    open.forEach(Proxy::end);
  }

  /** Refuses connections, and ends those there are. */
  void away() throws IOException {
    server.close();
    cut();
  }

  void back() throws IOException {
    if (server.isClosed()) {
      listen();
    }
  }

  @Override
  public void close() throws IOException {
    silent = false;
    away();
  }

  private void listen() throws IOException {
    ServerSocket socket = new ServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(LOOPBACK, port), 200);
    server = socket;
    Thread.ofVirtual().name("proxy").start(() -> accept(socket));
  }

  private void accept(ServerSocket from) {
    while (!from.isClosed()) {
      try {
        Socket client = from.accept();
        Thread.ofVirtual().start(() -> lead(client));
      } catch (IOException e) {
        // It is closed, or nobody came after all.
      }
    }
  }

  private void lead(Socket client) {
    try {
      Socket behind = new Socket(LOOPBACK, target);
      client.setTcpNoDelay(true);
      behind.setTcpNoDelay(true);
      open.add(client);
      open.add(behind);
      Thread.ofVirtual().start(() -> pump(client, behind, false));
      pump(behind, client, true);
    } catch (IOException e) {
      end(client);
    }
  }

  private void pump(Socket from, Socket to, boolean replies) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int bytes = in.read(buffer); bytes > 0; bytes = in.read(buffer)) {
        hinder();
        if (!(replies && swallowing)) {
          out.write(buffer, 0, bytes);
          out.flush();
        }
      }
    } catch (IOException e) {
      // Cut off.
    } finally {
      end(from);
      end(to);
      open.remove(from);
      open.remove(to);
    }
  }

  private void hinder() throws IOException {
    if (!delay.isZero()) {
      LockSupport.parkNanos(delay.toNanos());
    }
    while (silent) {
      LockSupport.parkNanos(LOOK_EVERY);
    }
    if (frail && ThreadLocalRandom.current().nextDouble() < FRAILTY) {
      throw new IOException("cut");
    }
  }

  private static void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any more.
    }
  }
}

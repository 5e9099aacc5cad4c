package dev.stoker.watchdog;

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A way to the database that a test can close: to its users the database is then down. */
final class Detour implements AutoCloseable {

  private static final long LOOK_EVERY = TimeUnit.MILLISECONDS.toNanos(5);
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private final int target;
  private final int port;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private ServerSocket server;
  private volatile boolean frozen;

  Detour(int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket(0, 50, LOOPBACK);
    this.port = server.getLocalPort();
    accept(server);
  }

  int port() {
    return port;
  }

  @Override
  public void close() throws IOException {
    block();
  }

  /** Refuses everyone and cuts off those who are there. */
  void block() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
    open.clear();
  }

  /** Answers nobody, and cuts nobody off: as a server whose processes are all stopped. */
  void freeze() {
    frozen = true;
  }

  void thaw() {
    frozen = false;
  }

  void reopen() {
    // Whoever still waits to accept holds the closed socket for a moment.
    Patience.until("the port is free", Duration.ofSeconds(10), this::bound);
    accept(server);
  }

  private boolean bound() {
    try {
      server = new ServerSocket();
      server.setReuseAddress(true);
      server.bind(new InetSocketAddress(LOOPBACK, port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void accept(ServerSocket from) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                while (true) {
                  Socket client = from.accept();
                  Socket database = new Socket(LOOPBACK, target);
                  open.add(client);
                  open.add(database);
                  pump(client, database);
                  pump(database, client);
                }
              } catch (IOException e) {
                // closed
              }
            });
  }

  private void pump(Socket from, Socket to) {
    Thread.ofVirtual()
        .start(
            () -> {
              try (from;
                  to;
                  InputStream in = from.getInputStream();
                  OutputStream out = to.getOutputStream()) {
                byte[] buffer = new byte[8192];
                for (int bytes = in.read(buffer); bytes > 0; bytes = in.read(buffer)) {
                  while (frozen) {
                    LockSupport.parkNanos(LOOK_EVERY);
                  }
                  out.write(buffer, 0, bytes);
                  out.flush();
                }
              } catch (IOException e) {
                // cut off
              }
              open.remove(from);
              open.remove(to);
            });
  }
}

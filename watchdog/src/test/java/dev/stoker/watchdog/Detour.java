package dev.stoker.watchdog;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A way to the database that a test can close: to its users the database is then down. */
final class Detour implements AutoCloseable {

  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private final int target;
  private final int port;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private ServerSocket server;

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

  void reopen() throws IOException {
    server = new ServerSocket();
    server.setReuseAddress(true);
    server.bind(new InetSocketAddress(LOOPBACK, port));
    accept(server);
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
                in.transferTo(out);
              } catch (IOException e) {
                // cut off
              }
              open.remove(from);
              open.remove(to);
            });
  }
}

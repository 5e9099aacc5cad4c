package dev.stoker.engine.mock;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The process that an engine starts and that holds what the engine needs, as vLLM's EngineCore
 * holds the GPU's memory. It is in a session of its own, holds a port of the loopback address as
 * long as it lives, and does not care whether its parent does.
 */
final class EngineCore implements AutoCloseable {
  private final Optional<Process> process;
  private final int port;

  private EngineCore(Optional<Process> process, int port) {
    this.process = process;
    this.port = port;
  }

  static EngineCore none() {
    return new EngineCore(Optional.empty(), 0);
  }

  /** Starts one, and waits until it holds its port. */
  static EngineCore start() {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    try {
      // Java starts a program as a group's member, so that setsid needs not fork: the pid stays.
      Process process =
          new ProcessBuilder(
                  "setsid",
                  java.toString(),
                  "-Xmx16m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  EngineCore.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      // Left open: a second line is never written.
      BufferedReader output = process.inputReader(US_ASCII);
      return new EngineCore(Optional.of(process), Integer.parseInt(output.readLine()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** 0 if there is none. */
  long pid() {
    return process.map(Process::pid).orElse(0L);
  }

  /** The port that is taken as long as it lives; 0 if there is none. */
  int port() {
    return port;
  }

  /** Ends it. */
  @Override
  public void close() {
    process.ifPresent(Process::destroyForcibly);
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    try (ServerSocket held = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      System.out.println(held.getLocalPort());
      Thread.currentThread().join();
    }
  }
}

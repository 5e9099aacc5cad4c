package dev.stoker.engine.mock;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** An OpenAI-compatible server on the loopback address that computes nothing. */
public final class MockEngine implements AutoCloseable {
  private static final List<String> HELP = List.of("--help", "-h");

  private final MockServer server;
  private final EngineCore core;
  private final boolean leavesCore;
  private final URI uri;

  private MockEngine(MockSettings settings, boolean isProcess) {
    this.core = settings.child() ? EngineCore.start() : EngineCore.none();
    this.leavesCore = settings.leaveChild();
    this.server = new MockServer(settings, core, isProcess);
    server.faults().set(settings.faults());
    this.uri = URI.create("http://127.0.0.1:" + server.port());
  }

  /** Starts one inside this process; its crashes are only absences. */
  public static MockEngine start(MockSettings settings) {
    return new MockEngine(settings, false);
  }

  /** Starts one as {@link MockSettings#of} describes it. */
  public static MockEngine start(String... options) {
    return start(MockSettings.of(options));
  }

  /** Such as {@code http://127.0.0.1:4711}; always the same. */
  public URI uri() {
    return uri;
  }

  public MockFaults faults() {
    return server.faults();
  }

  public MockStats stats() {
    AtomicReference<MockStats> stats = new AtomicReference<>();
    server.inLoop(() -> stats.set(server.generator().stats()));
    return stats.get();
  }

  /** Counts anew. */
  public void resetStats() {
    server.inLoop(server.counters()::reset);
  }

  /** Stops listening, closes all connections and ends the child, unless that is to be left. */
  @Override
  public void close() {
    server.close();
    if (!leavesCore) {
      core.close();
    }
  }

  /** Serves until a signal; prints where. */
  public static void main(String[] arguments) throws InterruptedException {
    if (Arrays.stream(arguments).anyMatch(HELP::contains)) {
      help();
      return;
    }
    try {
      MockEngine engine = new MockEngine(MockSettings.of(arguments), true);
      Runtime.getRuntime().addShutdownHook(new Thread(engine::close, "shutdown"));
      System.out.println("mock engine: " + engine.uri);
      Thread.currentThread().join();
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  private static void help() {
    Settings settings = new Settings(Map.of());
    MockSettings.from(settings);
    for (Settings.Described option : settings.described()) {
      System.out.printf(
          "  --%-14s %s%s%n",
          option.key(),
          option.meaning(),
          option.fallback().isEmpty() ? "" : " (" + option.fallback() + ")");
    }
  }
}

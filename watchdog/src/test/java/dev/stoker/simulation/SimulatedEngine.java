package dev.stoker.simulation;

import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What it answers is a function of the line and of who asks. It answers after a while, and only to
 * who still listens then.
 */
final class SimulatedEngine implements Engine {
  private final World world;
  private final String holder;
  private final int slots;
  private final Set<String> tried = new HashSet<>();

  /** One whose lease was lost and taken again is there twice. */
  private final List<String> running = new ArrayList<>();

  private EngineState state = EngineState.READY;
  private Set<String> loaded = new LinkedHashSet<>(World.MODELS);
  private int deaths;

  SimulatedEngine(World world, String holder, int slots) {
    this.world = world;
    this.holder = holder;
    this.slots = slots;
  }

  /** It dies with all that it runs. */
  void die() {
    deaths++;
    world.deaths().of(running());
    state = EngineState.DOWN;
  }

  void recover() {
    state = EngineState.READY;
    loaded = new LinkedHashSet<>(World.MODELS);
  }

  /** It takes requests for one model only. */
  void loadOnly(String model) {
    loaded = Set.of(model);
  }

  /** The names of the lines that it has. */
  Set<String> running() {
    return new LinkedHashSet<>(running);
  }

  @Override
  public EngineReply complete(EngineRequest request, Duration deadline)
      throws InterruptedException {
    Line line = Line.of(request.body());
    if (state != EngineState.READY) {
      return new EngineReply.Unreachable("the engine is away");
    }
    int begunIn = deaths;
    world.ledger().asked(line, holder);
    running.add(line.name());
    Task task = Task.current().orElseThrow();
    try {
      task.sleep(Duration.ofMillis(world.random().nextInt(50, 3000)));
      if (line.kind() == Line.Kind.POISON && deaths == begunIn) {
        throw world.crash(task);
      }
    } finally {
      running.remove(line.name());
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return deaths == begunIn ? answer(line) : new EngineReply.Lost("the engine died");
  }

  private EngineReply answer(Line line) {
    boolean first = tried.add(line.name());
    return switch (line.kind()) {
      case BAD -> reply(400, "{\"error\":{\"message\":\"bad %s\"}}".formatted(line.name()));
      case FLAKY -> first ? reply(500, "{\"error\":{\"message\":\"later\"}}") : answered(line);
      case SOUND -> answered(line);
      case POISON -> throw new IllegalStateException("nobody survives this");
    };
  }

  private EngineReply answered(Line line) {
    return reply(200, "{\"text\":\"%s\",\"by\":\"%s\"}".formatted(line.name(), holder));
  }

  private static EngineReply reply(int status, String body) {
    return new EngineReply.Answered(
        status, body.getBytes(StandardCharsets.UTF_8), TokenUsage.input(1), Optional.empty());
  }

  @Override
  public Set<String> models() {
    return new LinkedHashSet<>(World.MODELS);
  }

  @Override
  public Set<String> loadedModels() {
    return loaded;
  }

  @Override
  public String loadedModel() {
    return List.copyOf(loaded).getFirst();
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public EngineState probe() {
    return state;
  }

  @Override
  public void close() {
    state = EngineState.DOWN;
  }
}

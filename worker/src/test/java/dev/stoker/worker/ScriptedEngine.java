package dev.stoker.worker;

import dev.stoker.worker.engine.ChangeListeners;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/**
 * An engine that answers by a function, may hold its answers back, and remembers what it was asked.
 */
public class ScriptedEngine implements Engine {
  public static final String MODEL = "scripted";

  private final Collection<String> asked = new ConcurrentLinkedQueue<>();
  private final Collection<String> interrupted = new ConcurrentLinkedQueue<>();
  private final Semaphore answers = new Semaphore(Integer.MAX_VALUE / 2);
  private volatile Function<String, EngineReply> script = body -> ok("{\"echo\":" + body + "}");
  private volatile Runnable closed = () -> {};
  private volatile String model = MODEL;
  private final ChangeListeners listeners = new ChangeListeners();
  private volatile EngineState state = EngineState.READY;

  public static EngineReply ok(String body) {
    return answer(200, body);
  }

  public static EngineReply answer(int status, String body) {
    return new EngineReply.Answered(
        status,
        body.getBytes(StandardCharsets.UTF_8),
        TokenUsage.input(3),
        Optional.of(Duration.ZERO));
  }

  public void answersBy(Function<String, EngineReply> newScript) {
    script = newScript;
  }

  public void is(EngineState newState) {
    state = newState;
    listeners.changed();
  }

  /** From now on, only as many requests are answered as {@link #let} says. */
  public void holdAnswers() {
    answers.drainPermits();
  }

  /** Serves another model from now on, so that its worker claims nothing more of these tests. */
  public void wantsNoMore() {
    model = "another";
  }

  /** Serves its own model again. */
  public void wantsMore() {
    model = MODEL;
    listeners.changed();
  }

  public void let(int requests) {
    answers.release(requests);
  }

  /** The bodies of all requests that it was asked, in any order. */
  public Collection<String> asked() {
    return asked;
  }

  /** The bodies of those that its caller gave up before they were answered. */
  public Collection<String> interrupted() {
    return interrupted;
  }

  @Override
  public Set<String> models() {
    return Set.of(model);
  }

  @Override
  public String loadedModel() {
    return model;
  }

  @Override
  public int slots() {
    return 16;
  }

  @Override
  public EngineReply complete(EngineRequest request, Duration deadline)
      throws InterruptedException {
    String body = new String(request.body(), StandardCharsets.UTF_8);
    asked.add(body);
    try {
      answers.acquire();
    } catch (InterruptedException e) {
      interrupted.add(body);
      throw e;
    }
    return script.apply(body);
  }

  @Override
  public EngineState probe() {
    return state;
  }

  @Override
  public void onChange(Runnable action) {
    listeners.add(action);
  }

  public void whenClosed(Runnable action) {
    closed = action;
  }

  @Override
  public void close() {
    closed.run();
  }
}

package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.line.Json;
import dev.stoker.loop.Loop;
import dev.stoker.worker.engine.ChangeListeners;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import dev.stoker.worker.engine.openai.Exchange.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes requests on to a server that speaks OpenAI's API: one that is there, or one that this
 * engine starts and owns.
 *
 * <p>It finds out by itself what the server serves, how much it takes, when it hangs and when it is
 * back. A server that is there is waited for when it is away; one that was started is given up, for
 * only a new process starts another.
 */
public final class OpenAiEngine implements Engine {
  private static final Logger log = LoggerFactory.getLogger(OpenAiEngine.class);

  private static final Duration LOOK_EVERY = Duration.ofMillis(100);
  private static final Duration SAMPLE_EVERY = Duration.ofSeconds(1);
  private static final Duration PROBE_FIRST = Duration.ofMillis(200);
  private static final Duration PROBE_LAST = Duration.ofSeconds(5);
  private static final Duration PROGRESS_EVERY = Duration.ofSeconds(10);
  private static final Duration CANARY_PATIENCE_MAX = Duration.ofSeconds(10);

  /** The pool may hold another that the server has closed. */
  private static final int STALE_CONNECTIONS_MAX = 3;

  private static final int ERROR_TEXT_CHARS_MAX = 2_000;

  private final OpenAiSettings settings;
  private final Duration canaryAfter;
  private final LongSupplier nanoTime;
  private final Consumer<String> whenBroken;
  private final Optional<EngineServer> server;
  private final URI url;
  private final EngineClient client;
  private final EngineProbe probe;
  private final SharedLook lives;
  private final SharedLook answersCanary;
  private final RequestDeadline deadlines;
  private final CallsInFlight calls = new CallsInFlight();
  private final Traffic traffic = new Traffic();
  private final AtomicLong canariesAnswered = new AtomicLong();
  private final ChangeListeners listeners = new ChangeListeners();
  private final AtomicReference<EngineState> state = new AtomicReference<>(EngineState.STARTING);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Loop loop;

  private volatile Set<String> models;
  private volatile int slots;
  private volatile double tokensPerSecond;
  private volatile boolean mustSing;
  private volatile long loadingSteps;
  private volatile Optional<EngineRequest> lastRequest = Optional.empty();

  // Of the loop alone.
  private final ConcurrencyLimit limit;
  private final Stillness stillness;
  private EngineMetrics metrics = EngineMetrics.NONE;
  private long sampledNanos;
  private long probeNanos;
  private long saidNanos;
  private long rememberedNanos;
  private Duration probeDelay = PROBE_FIRST;
  private final long beganNanos;
  private String lastComplaint = "";

  /**
   * Begins at once to start the server, if it is to be started, and to ask whether it takes
   * requests.
   *
   * @param canaryAfter how long nothing may be answered, nor the server's own counters move, before
   *     the server is asked something tiny; also how long it may take for the answer
   * @param serverOutput makes the log of what a started server prints
   * @param nanoTime tells how much time passes, as {@link System#nanoTime} does
   * @param whenBroken told why a started server is lost; only a new process starts another
   * @throws UncheckedIOException when the server cannot be started, or a file that the settings
   *     name cannot be used
   */
  public OpenAiEngine(
      OpenAiSettings settings,
      Duration canaryAfter,
      Supplier<Logger> serverOutput,
      LongSupplier nanoTime,
      Consumer<String> whenBroken) {
    this.settings = settings;
    this.canaryAfter = canaryAfter;
    this.nanoTime = nanoTime;
    this.whenBroken = whenBroken;
    this.models = new LinkedHashSet<>(settings.models());
    this.limit = new ConcurrencyLimit(settings.slotsMax());
    this.slots = limit.limit();
    this.deadlines = new RequestDeadline(settings.deadlineMin());
    this.beganNanos = nanoTime.getAsLong();
    this.probeNanos = beganNanos;
    this.saidNanos = beganNanos;
    this.rememberedNanos = beganNanos;
    this.sampledNanos = beganNanos;
    this.stillness = new Stillness(canaryAfter, beganNanos);
    try {
      this.server =
          settings.server().isPresent()
              ? Optional.of(EngineServer.start(settings.server().get(), serverOutput.get()))
              : Optional.empty();
      this.url = server.map(EngineServer::url).or(settings::url).orElseThrow();
      this.client = new EngineClient(url, settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.probe = new EngineProbe(client);
    this.lives = new SharedLook(probe::lives, nanoTime);
    this.answersCanary = new SharedLook(this::sings, nanoTime);
    this.loop = new Loop("engine", LOOK_EVERY, this::look).start();
    server.ifPresent(started -> started.onExit(reason -> down(reason, lost(reason), false)));
  }

  /** Those that are configured, else those that the server lists; none before it is ready. */
  @Override
  public Set<String> models() {
    return models;
  }

  @Override
  public String loadedModel() {
    return state.get() == EngineState.READY ? String.join(",", models) : "";
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public int slotsMax() {
    return settings.slotsMax();
  }

  @Override
  public EngineState probe() {
    return state.get();
  }

  @Override
  public void onChange(Runnable action) {
    listeners.add(action);
  }

  /** Stands still once it is ready: what it prints then says nothing. */
  @Override
  public long loadingSteps() {
    if (state.get() == EngineState.STARTING) {
      loadingSteps = server.map(EngineServer::steps).orElse(0L);
    }
    return loadingSteps;
  }

  /** Does not return what was lost with a started server until this engine is closed. */
  @Override
  public EngineReply complete(EngineRequest request, Duration deadline)
      throws InterruptedException {
    EngineRequest asked = asServed(request);
    lastRequest = Optional.of(asked);
    long begin = nanoTime.getAsLong();
    Duration own =
        deadlines.of(deadline, RequestFacts.of(asked.body()).tokensMax(), tokensPerSecond);
    EngineReply reply = attempt(asked, begin + own.toNanos(), STALE_CONNECTIONS_MAX);
    note(reply, nanoTime.getAsLong() - begin);
    return reply;
  }

  /** Nothing but the name of the model changes, and that only if the server has its own. */
  private EngineRequest asServed(EngineRequest request) {
    return settings
        .servedAs()
        .map(
            name ->
                new EngineRequest(
                    request.endpoint(),
                    name,
                    RequestFacts.of(request.body()).withModel(request.body(), name)))
        .orElse(request);
  }

  private void note(EngineReply reply, long nanos) {
    switch (reply) {
      case EngineReply.Answered answer when answer.status() == 429 || answer.status() == 503 ->
          traffic.pushedBack();
      case EngineReply.Answered answer -> traffic.answered(nanos, answer.usage());
      case EngineReply.TimedOut _ -> traffic.pushedBack();
      case EngineReply.Unusable _, EngineReply.Unreachable _, EngineReply.Lost _ -> {}
    }
  }

  private EngineReply attempt(EngineRequest request, long deadlineNanos, int staleLeft)
      throws InterruptedException {
    long begin = nanoTime.getAsLong();
    EngineClient.Outgoing outgoing = client.outgoing(request.endpoint(), request.body());
    Call call = new Call(begin, deadlineNanos, outgoing::cancel);
    calls.add(call);
    try {
      // Looked at after it was added: whoever brings the engine down aborts what he sees.
      if (state.get() != EngineState.READY) {
        return new EngineReply.Unreachable("the engine at " + url + " is not ready");
      }
      return keptByLostServer(reply(request, outgoing.run(), call, staleLeft));
    } finally {
      calls.remove(call);
    }
  }

  /**
   * This process ends for a server that it has lost: whoever looks then which requests that server
   * had must still find this one.
   */
  private EngineReply keptByLostServer(EngineReply reply) throws InterruptedException {
    boolean answered = reply instanceof EngineReply.Answered;
    if (!answered && server.isPresent() && state.get() == EngineState.DOWN) {
      closed.await();
    }
    return reply;
  }

  private EngineReply reply(EngineRequest request, Exchange exchange, Call call, int staleLeft)
      throws InterruptedException {
    if (!(exchange instanceof Response) && call.aborted().isPresent()) {
      return call.aborted().get();
    }
    return switch (exchange) {
      case Response response -> reply(response, call);
      case Exchange.TooLong(long bytesMax) ->
          new EngineReply.Unusable(
              "the answer has more than STOKER_ENGINE_REPLY_BYTES_MAX=" + bytesMax + " bytes");
      case Exchange.NotReached(String reason) -> {
        if (!lives.after(call.beganNanos())) {
          down(reason, lost(reason), false);
        }
        yield new EngineReply.Unreachable(reason);
      }
      case Exchange.Broken(String reason, boolean stale) -> {
        EngineReply broken = broken(reason);
        boolean again = stale && staleLeft > 0 && broken instanceof EngineReply.Unusable;
        if (again) {
          client.forgetIdle();
        }
        yield again ? attempt(request, call.deadlineNanos(), staleLeft - 1) : broken;
      }
      case Exchange.Late _ -> new EngineReply.TimedOut();
    };
  }

  private EngineReply reply(Response response, Call call) throws InterruptedException {
    if (response.turnsAway() && !answersCanary.after(call.beganNanos())) {
      String reason = EngineProbe.nextStep(response);
      down(reason, new EngineReply.Unreachable(reason), true);
      return new EngineReply.Unreachable(reason);
    }
    if (response.status() == 502) {
      return routerLostEngine(call);
    }
    if (response.status() == 500 && !lives.after(nanoTime.getAsLong())) {
      // What vLLM answers to all that it had, when its core has died.
      String reason = "it answered HTTP 500 and lives no more";
      down(reason, lost(reason), false);
      return lost(reason);
    }
    Optional<TokenUsage> usage = ReplyFacts.usage(response.body());
    if (response.succeeded()) {
      return usage.isPresent()
          ? answered(response, response.body(), usage.get())
          : broken("the answer with HTTP " + response.status() + " is not a JSON object");
    }
    return answered(
        response,
        usage.isPresent() ? response.body() : wrapped(response),
        usage.orElse(TokenUsage.NONE));
  }

  private static EngineReply answered(Response response, byte[] body, TokenUsage usage) {
    return new EngineReply.Answered(response.status(), body, usage, response.retryAfter());
  }

  /** An error page of whatever kind, in OpenAI's envelope. */
  private static byte[] wrapped(Response response) {
    String text = new String(response.body(), UTF_8).strip();
    String message =
        text.isEmpty()
            ? "The engine answered with HTTP " + response.status() + " and nothing else."
            : text.substring(0, Math.min(text.length(), ERROR_TEXT_CHARS_MAX));
    String type = response.status() < 500 ? "invalid_request_error" : "server_error";
    return Json.error(message, type, "", "").getBytes(UTF_8);
  }

  /** Of what broke although the engine lives, the request may be the cause. */
  private EngineReply broken(String reason) throws InterruptedException {
    if (lives.after(nanoTime.getAsLong())) {
      return new EngineReply.Unusable(reason);
    }
    down(reason, lost(reason), false);
    return lost(reason);
  }

  private EngineReply routerLostEngine(Call call) throws InterruptedException {
    String reason = "the router has lost its engine (HTTP 502)";
    if (answersCanary.after(call.beganNanos())) {
      return lost(reason);
    }
    down(reason, new EngineReply.Unreachable(reason), true);
    return new EngineReply.Unreachable(reason);
  }

  private static EngineReply lost(String reason) {
    return new EngineReply.Lost(reason);
  }

  /**
   * From now on it takes no requests.
   *
   * @param reply how those end that it has
   * @param untilItSings whether it must also answer a tiny question before it counts as back,
   *     because its own word is not enough
   */
  private void down(String reason, EngineReply reply, boolean untilItSings) {
    if (untilItSings) {
      mustSing = true;
    }
    EngineState before = state.getAndSet(EngineState.DOWN);
    if (before == EngineState.DOWN) {
      return;
    }
    log.warn(
        "The engine at {} is down: {}; {} requests in flight end, their lines wait",
        url,
        reason,
        calls.count());
    if (server.isPresent()) {
      whenBroken.accept("the engine that it started is lost: " + reason);
    }
    calls.abortAll(reply);
    client.forgetIdle();
    listeners.changed();
  }

  private boolean look() throws InterruptedException {
    long now = nanoTime.getAsLong();
    if (state.get() == EngineState.READY) {
      watch(now);
    } else if (now - probeNanos >= 0) {
      askWhetherReady();
    }
    if (now - rememberedNanos >= PROGRESS_EVERY.toNanos()) {
      rememberedNanos = now;
      server.ifPresent(EngineServer::remember);
    }
    return false;
  }

  private void watch(long now) throws InterruptedException {
    if (calls.count() > 0 && now - sampledNanos >= sampleEvery().toNanos()) {
      sample(now);
    }
    var overdue = calls.overdue(now);
    double progress = traffic.replies() + canariesAnswered.get() + metrics.steps();
    var look =
        new Stillness.Look(calls.count(), progress, metrics.countsSteps(), !overdue.isEmpty());
    switch (stillness.look(look, now)) {
      case ASK -> Thread.ofVirtual().name("canary").start(this::askCanary);
      case FROZEN -> {
        String reason =
            "it is frozen: it takes requests but answers nothing, nor a canary, for "
                + canaryAfter.multipliedBy(2).toSeconds()
                + " s";
        // One that was started is killed for it, and one of the lines may be the cause.
        down(reason, server.isPresent() ? lost(reason) : new EngineReply.Unreachable(reason), true);
      }
      case FINE ->
          // Of those that began after it moved last nobody knows yet whether it is frozen.
          overdue.stream()
              .filter(call -> stillness.movedSince(call.beganNanos()))
              .forEach(call -> call.abort(new EngineReply.TimedOut()));
    }
  }

  private Duration sampleEvery() {
    return limit.ramping() ? LOOK_EVERY : SAMPLE_EVERY;
  }

  private void sample(long now) throws InterruptedException {
    int inFlight = calls.count();
    metrics = probe.metrics().orElse(metrics);
    Traffic.Part part = traffic.take();
    if (part.tokensPerSecond() > 0) {
      tokensPerSecond = smoothed(tokensPerSecond, part.tokensPerSecond());
    }
    // A first sample after a rest says nothing of the rest.
    Duration elapsed = Duration.ofNanos(Math.min(now - sampledNanos, SAMPLE_EVERY.toNanos()));
    sampledNanos = now;
    int before = slots;
    slots =
        limit.next(
            new ConcurrencyLimit.Sample(
                elapsed,
                inFlight,
                part.answered(),
                part.meanLatency(),
                part.pushedBack(),
                metrics));
    if (slots != before) {
      log.debug("{} requests at once, {} before; {}", slots, before, metrics);
      listeners.changed();
    }
  }

  private static double smoothed(double before, double now) {
    return before == 0 ? now : 0.8 * before + 0.2 * now;
  }

  private void askCanary() {
    try {
      boolean sang = probe.answers(tinyRequest(), canaryAfter);
      if (sang) {
        canariesAnswered.incrementAndGet();
      }
      log.info(
          "{} requests in flight and none answered for {} s; the canary: {}",
          calls.count(),
          canaryAfter.toSeconds(),
          sang ? "answered" : "not answered");
    } catch (InterruptedException e) {
      log.debug("the canary was interrupted", e);
    }
  }

  private boolean sings() throws InterruptedException {
    Duration patience =
        canaryAfter.compareTo(CANARY_PATIENCE_MAX) < 0 ? canaryAfter : CANARY_PATIENCE_MAX;
    return probe.answers(tinyRequest(), patience);
  }

  private Canary tinyRequest() {
    return lastRequest
        .map(request -> Canary.of(request.endpoint(), request.model()))
        .orElseGet(
            () ->
                Canary.of(
                    "", settings.servedAs().or(() -> models.stream().findFirst()).orElse("")));
  }

  private void askWhetherReady() throws InterruptedException {
    switch (probe.readiness()) {
      case Readiness.Ready(Set<String> listed) when !mustSing || sings() -> ready(listed);
      case Readiness.Ready _ -> notReady("it does not answer a tiny request");
      case Readiness.NotYet(String reason) -> notReady(reason);
      case Readiness.Misconfigured(String reason) -> notReady(reason);
    }
  }

  private void ready(Set<String> listed) {
    if (settings.models().isEmpty() && listed.isEmpty()) {
      notReady("it lists no models: name them in STOKER_ENGINE_MODELS");
      return;
    }
    if (settings.models().isEmpty()) {
      models = listed;
    }
    loadingSteps(); // for the last time
    mustSing = false;
    stillness.restart(nanoTime.getAsLong());
    probeDelay = PROBE_FIRST;
    lastComplaint = "";
    if (state.compareAndSet(EngineState.STARTING, EngineState.READY)
        || state.compareAndSet(EngineState.DOWN, EngineState.READY)) {
      log.info(
          "The engine at {} takes requests: models {}, at first {} at once, at most {}",
          url,
          models,
          slots,
          settings.slotsMax());
      listeners.changed();
    }
  }

  private void notReady(String reason) {
    long now = nanoTime.getAsLong();
    probeNanos = now + probeDelay.toNanos();
    if (server.isPresent() && state.get() == EngineState.STARTING) {
      stillStarting(server.get(), reason, now);
      return;
    }
    probeDelay = min(probeDelay.multipliedBy(2), PROBE_LAST);
    if (!reason.equals(lastComplaint)) {
      log.warn("The engine at {} takes no requests: {}", url, reason);
      lastComplaint = reason;
    }
    if (state.compareAndSet(EngineState.STARTING, EngineState.DOWN)) {
      listeners.changed();
    }
  }

  private void stillStarting(EngineServer started, String reason, long now) {
    Duration age = Duration.ofNanos(now - beganNanos);
    Duration timeout = settings.server().orElseThrow().startTimeout();
    if (now - saidNanos >= PROGRESS_EVERY.toNanos()) {
      saidNanos = now;
      log.info(
          "The engine at {} starts since {} s ({}); it said last: {}",
          url,
          age.toSeconds(),
          reason,
          started.lastLine());
    }
    if (age.compareTo(timeout) > 0) {
      String late = "it was not ready within " + timeout.toSeconds() + " s: " + reason;
      down(late, lost(late), false);
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  @Override
  public void close() {
    loop.interrupt();
    state.set(EngineState.DOWN);
    calls.abortAll(new EngineReply.Unreachable("the engine was closed"));
    closed.countDown();
    client.close();
    server.ifPresent(EngineServer::close);
  }
}

package dev.stoker.watchdog;

import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.loop.Loop;
import dev.stoker.watchdog.observe.DatabaseContact;
import dev.stoker.watchdog.observe.DatabaseThread;
import dev.stoker.watchdog.observe.Look;
import dev.stoker.watchdog.process.ProcessTable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the slots of this host, on one thread: at every tick, and at once when a worker dies
 * or the database answers. Nothing on that thread waits for anybody.
 */
final class Supervision implements Executor {

  private static final Logger log = LoggerFactory.getLogger(Supervision.class);
  private static final Duration LOOK_IN_TRANSIT_EVERY = Duration.ofMillis(100);
  private static final Duration TICK_MAX = Duration.ofSeconds(5);
  private static final Duration RECONCILE_MAX = Duration.ofSeconds(10);
  private static final Duration BLIND_TOLD_AFTER = Duration.ofMinutes(5);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);

  private final WatchdogSettings settings;
  private final LongSupplier ticker;
  private final Outside outside;
  private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
  private final CountDownLatch settled = new CountDownLatch(1);
  private final Loop loop;
  private final long startedAt;

  private List<SlotKeeper> slots = List.of();
  private Optional<DatabaseThread> database = Optional.empty();
  private DatabaseContact contact;
  private Optional<Long> tickedAt = Optional.empty();
  private boolean reachable = true;
  private long reachedAt;
  private boolean blindTold;
  private boolean reconciled;
  private List<SlotState> states = List.of();
  private boolean toldReachable = true;
  private boolean well = true;
  private boolean unrivalled;
  private volatile boolean stopping;

  Supervision(WatchdogSettings settings, LongSupplier ticker, Outside outside) {
    this.outside = outside;
    this.settings = settings;
    this.ticker = ticker;
    this.startedAt = ticker.getAsLong();
    this.reachedAt = startedAt;
    this.contact = DatabaseContact.none(settings.slots().staleAfter());
    this.loop = new Loop("supervision", settings.tick(), this::tick);
  }

  /**
   * @param keepers of the slots to be looked after
   */
  void start(DatabaseThread asked, List<SlotKeeper> keepers) {
    database = Optional.of(asked);
    slots = keepers;
    lookLater(Duration.ZERO);
    loop.start();
  }

  /** Lets something happen on this thread, soon. */
  @Override
  public void execute(Runnable task) {
    inbox.add(task);
    loop.wake();
  }

  void wake() {
    loop.wake();
  }

  /**
   * Stops the workers and waits for that.
   *
   * @return whether all is settled
   */
  boolean stop(Duration patience) {
    stopping = true;
    loop.wake();
    try {
      return settled.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      loop.close(CLOSE_PATIENCE);
    }
  }

  private boolean tick() {
    long begun = ticker.getAsLong();
    boolean more;
    try {
      more = doTick();
    } catch (RuntimeException | Error e) {
      outside.failed(e);
      throw e;
    }
    Duration took = Duration.ofNanos(ticker.getAsLong() - begun);
    if (took.compareTo(TICK_MAX) > 0) {
      log.error("A look after the workers took {} s; nothing in it may wait", took.toSeconds());
    }
    return more;
  }

  private boolean doTick() {
    noticeOwnPause();
    for (Runnable task = inbox.poll(); task != null; task = inbox.poll()) {
      task.run();
    }
    noticeReachability();
    slots.forEach(this::step);
    if (stopping && slots.stream().allMatch(slot -> slot.isSettled(contact))) {
      settled.countDown();
    }
    noticeChanges();
    noticeReconciled();
    outside.ticked(well);
    return !inbox.isEmpty();
  }

  /** Most ticks bring none: an idle watchdog costs next to nothing. */
  private void noticeChanges() {
    List<SlotState> now = slots.stream().map(SlotKeeper::state).toList();
    if (!now.equals(states) || reachable != toldReachable) {
      states = now;
      toldReachable = reachable;
      well = now.stream().noneMatch(SlotState::waitsForPerson);
      outside.changed(story());
    }
  }

  /** One line for people. */
  private String story() {
    String told =
        slots.stream()
            .map(slot -> slot.worker() + " " + slot.state().wireName())
            .collect(Collectors.joining(", "));
    return reachable ? told : "blind, the database does not answer; " + told;
  }

  /** What fails for one slot is not held against the others. */
  private void step(SlotKeeper slot) {
    try {
      slot.step(contact, stopping);
    } catch (RuntimeException | Error e) {
      log.error("Worker {}: a step failed", slot.worker(), e);
      outside.failed(e);
    }
  }

  private void noticeReconciled() {
    boolean late = ticker.getAsLong() - startedAt > RECONCILE_MAX.toNanos();
    if (!reconciled && (late || !states.contains(SlotState.RECONCILING))) {
      reconciled = true;
      outside.ready();
    }
  }

  /**
   * Stopped or swapped out: what it remembers of time is then wrong. A host that slept is not found
   * here, since the monotonic clock sleeps too, but by the clock in a {@link Look}.
   */
  private void noticeOwnPause() {
    long now = ticker.getAsLong();
    long pause = tickedAt.map(at -> now - at).orElse(0L);
    if (pause > contact.gapMax().toNanos()) {
      log.warn(
          "This watchdog stood still for {} s; no worker is judged by its heartbeat for the next {} s",
          Duration.ofNanos(pause).toSeconds(),
          settings.slots().staleAfter().toSeconds());
      contact = contact.lost();
      slots.forEach(SlotKeeper::paused);
      outside.stoodStill(Duration.ofNanos(pause));
    }
    tickedAt = Optional.of(now);
  }

  private void noticeReachability() {
    boolean now = contact.recent(ticker.getAsLong());
    if (reachable && !now && contact.known()) {
      log.warn("The database does not answer; no worker is judged by its heartbeat meanwhile");
    } else if (!reachable && now) {
      log.info(
          "The database answers; heartbeats are judged once it has done so for {} s",
          settings.slots().staleAfter().toSeconds());
    }
    reachable = now;
    noticeBlindness();
  }

  private void noticeBlindness() {
    long now = ticker.getAsLong();
    if (reachable) {
      reachedAt = now;
      blindTold = false;
    }
    Duration blind = Duration.ofNanos(now - reachedAt);
    if (!blindTold && blind.compareTo(BLIND_TOLD_AFTER) > 0) {
      blindTold = true;
      outside.blind(blind);
    }
  }

  private void lookLater(Duration delay) {
    Function<dev.stoker.database.Database, Look> question =
        opened -> {
          long askedAt = ticker.getAsLong();
          var heartbeats = new WorkerHeartbeatTable(opened.jdbc());
          var workers = heartbeats.all();
          var described = new WorkerSlotTable(opened.jdbc()).all();
          long clockMillis = heartbeats.clockMillis();
          return new Look(askedAt, ticker.getAsLong(), workers, described, clockMillis);
        };
    database.orElseThrow().askLater(delay, question, this::looked, this::notLooked);
  }

  private void looked(Look look) {
    try {
      yieldToRival(look);
      noticeClockStep(look);
      contact = contact.answered(look.askedAt(), look.aheadMillis());
      slots.forEach(slot -> slot.see(look));
    } finally {
      lookLater(untilNextLook());
    }
  }

  /** A death is seen by the kernel's word: rows need no closer look while all is calm. */
  private Duration untilNextLook() {
    if (slots.stream().anyMatch(SlotKeeper::isInTransit)) {
      return LOOK_IN_TRANSIT_EVERY;
    }
    return slots.stream().allMatch(SlotKeeper::isCalm) ? settings.calmLook() : settings.tick();
  }

  /** Asked once, before this watchdog describes a slot or acts on one. */
  private void yieldToRival(Look look) {
    if (!unrivalled) {
      Set<String> ours = slots.stream().map(SlotKeeper::worker).collect(Collectors.toSet());
      long pid = ProcessHandle.current().pid();
      Rival.among(look.slots(), ours, pid, ProcessTable::isWatchdog).ifPresent(outside::yieldTo);
      unrivalled = true;
    }
  }

  /** The host slept, or somebody set the clock: the ages within are then wrong. */
  private void noticeClockStep(Look look) {
    if (contact.steps(look.aheadMillis())) {
      log.warn(
          "The database's clock stepped by {} ms; no worker is judged by its heartbeat for the next {} s",
          look.aheadMillis() - contact.aheadMillis(),
          settings.slots().staleAfter().toSeconds());
    }
  }

  private void notLooked(Throwable failure) {
    if (reachable || !contact.known()) {
      log.warn("The database cannot be read: {}", failure.toString());
    }
    lookLater(settings.tick());
  }
}

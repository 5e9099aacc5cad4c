package dev.stoker.engine.mock;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Computes, which is to say that it waits. All of it happens in one event loop. */
final class Generator {

  /** One request that is being answered. */
  record Work(MockAnswer answer, int promptTokens, Runnable whenDone) {}

  private final EventLoop loop;
  private final LongSupplier nanoTime;
  private final EngineClock clock;
  private final MockSettings settings;
  private final MockCounters counters;
  private final SlotQueue<Work> queue;
  private ScheduledFuture<?> alarm;
  private Tokens finishedTokens = Tokens.NONE;

  Generator(
      EventLoop loop,
      LongSupplier nanoTime,
      EngineClock clock,
      MockSettings settings,
      MockCounters counters) {
    this.loop = loop;
    this.nanoTime = nanoTime;
    this.clock = clock;
    this.settings = settings;
    this.counters = counters;
    this.queue = new SlotQueue<>(settings.slots(), settings.queueMax());
  }

  boolean hasRoom() {
    finish();
    return queue.hasRoom();
  }

  /** Takes a request; it is answered after this has returned, never before. */
  SlotQueue.Entry<Work> add(Work work, BodyHash hash) {
    SlotQueue.Entry<Work> entry =
        queue.add(work, settings.nanosFor(work.answer().steps(), hash), now());
    counters.held(queue.runningCount(), queue.waitingCount());
    setAlarm();
    return entry;
  }

  void cancel(SlotQueue.Entry<Work> entry) {
    counters.cancelled();
    queue.cancel(entry, now());
    wake();
  }

  /** Forgets everything. */
  void clear() {
    queue.clear();
  }

  /** Answers what is finished, and looks again when the next one will be. */
  void wake() {
    finish();
    setAlarm();
  }

  private void setAlarm() {
    if (alarm != null) {
      alarm.cancel(false);
      alarm = null;
    }
    OptionalLong next = queue.nextEnd();
    if (next.isPresent() && !clock.stands()) {
      long nanos = clock.nanosUntil(next.getAsLong(), nanoTime.getAsLong());
      alarm = loop.schedule(this::wake, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void finish() {
    for (SlotQueue.Entry<Work> entry : queue.finished(now())) {
      Work work = entry.request();
      finishedTokens = finishedTokens.plus(new Tokens(work.promptTokens(), work.answer().tokens()));
      counters.ran(entry.duration());
      work.whenDone().run();
    }
  }

  private long now() {
    return clock.engineTime(nanoTime.getAsLong());
  }

  MockStats stats() {
    finish();
    return counters.stats(queue.runningCount(), queue.waitingCount());
  }

  String metrics() {
    finish();
    Tokens running = Tokens.NONE;
    for (SlotQueue.Entry<Work> entry : queue.running()) {
      running = running.plus(soFar(entry));
    }
    return settings
        .metrics()
        .page(
            settings.models().getFirst(),
            queue.runningCount(),
            queue.waitingCount(),
            Math.min(1, (double) running.sum() / settings.kvTokens()),
            finishedTokens.plus(running));
  }

  /** The prompt counts when it has been read, that is with the first token. */
  private Tokens soFar(SlotQueue.Entry<Work> entry) {
    long first = settings.firstToken().toNanos();
    long ran = entry.ran(now());
    if (ran < first) {
      return Tokens.NONE;
    }
    double part = (double) (ran - first) / Math.max(1, entry.duration() - first);
    return new Tokens(
        entry.request().promptTokens(), (long) (part * entry.request().answer().tokens()));
  }
}

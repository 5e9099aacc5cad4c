package dev.stoker.simulation;

import java.time.Duration;
import java.util.function.Predicate;

/** Lets the n-th statement of an operation fail, or all from the n-th on until all heals. */
final class FailingStatements implements Trouble {
  /** From the first failure on. */
  private static final Duration ALL_FAIL = Duration.ofSeconds(8);

  private static final Duration LATENCY = Duration.ofMillis(5);

  private final World world;
  private final Predicate<Task> operation;
  private final int nth;
  private final Fault fault;
  private final boolean all;
  private int seen;
  private boolean healed;
  private long untilNanos;

  /**
   * @param operation whose statements count
   * @param nth from 1
   * @param all whether those after the n-th fail as well, for a time
   */
  FailingStatements(World world, Predicate<Task> operation, int nth, Fault fault, boolean all) {
    this.world = world;
    this.operation = operation;
    this.nth = nth;
    this.fault = fault;
    this.all = all;
  }

  /** Whether the operation has so many statements at all. */
  boolean reached() {
    return seen >= nth;
  }

  @Override
  public void start() {}

  @Override
  public Fault fault(Task task) {
    if (healed || !operation.test(task)) {
      return Fault.NONE;
    }
    seen++;
    if (seen == nth) {
      untilNanos = world.clock().nanos() + ALL_FAIL.toNanos();
    }
    boolean fails = seen == nth || (all && seen > nth && world.clock().nanos() < untilNanos);
    return fails ? fault : Fault.NONE;
  }

  @Override
  public Duration latency(Task task) {
    return LATENCY;
  }

  @Override
  public boolean healed() {
    return healed;
  }

  @Override
  public void heal() {
    healed = true;
  }
}

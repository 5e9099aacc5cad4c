package dev.stoker.watchdog.evidence;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** A JVM that lives and gets nowhere. */
public final class HangingJvm {

  private static final AtomicLong TURNS = new AtomicLong();

  private HangingJvm() {}

  /**
   * @param arguments {@code deadlock} or {@code spin}
   */
  public static void main(String[] arguments) {
    System.out.println("hangs now");
    if (arguments[0].equals("deadlock")) {
      deadlock();
    } else {
      spin();
    }
  }

  private static void spin() {
    while (TURNS.incrementAndGet() >= 0) {
      Thread.onSpinWait();
    }
  }

  private static void deadlock() {
    Object first = new Object();
    Object second = new Object();
    CountDownLatch both = new CountDownLatch(2);
    Thread.ofPlatform().name("holds-first").start(() -> lock(first, second, both));
    Thread.ofPlatform().name("holds-second").start(() -> lock(second, first, both));
  }

  private static void lock(Object one, Object other, CountDownLatch both) {
    synchronized (one) {
      both.countDown();
      try {
        both.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      synchronized (other) {
        TURNS.incrementAndGet();
      }
    }
  }
}

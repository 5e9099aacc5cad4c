package dev.stoker.simulation;

import java.time.Duration;

/** What goes wrong, until all heals. */
interface Trouble {

  void start();

  /** What becomes of the statement that a task is about to send. */
  Fault fault(Task task);

  /** How long that statement takes to reach the server. */
  Duration latency(Task task);

  boolean healed();

  /** Nothing is wrong any more, and nothing will be, but for lines that kill. */
  void heal();
}

package dev.stoker.health;

/**
 * One process in one worker slot.
 *
 * @param worker the slot, {@code host/number}
 * @param incarnation which process of the slot it is; only grows
 */
public record WorkerId(String worker, long incarnation) {

  /** The name under which it holds leases. */
  public String holder() {
    return worker + "#" + incarnation;
  }
}

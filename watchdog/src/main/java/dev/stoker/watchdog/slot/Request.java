package dev.stoker.watchdog.slot;

/**
 * Something asked of the database that may fail and is then asked again.
 *
 * @param outstanding whether an answer is still to come
 * @param notBefore when to ask again
 */
public record Request(boolean outstanding, long notBefore) {

  static Request sent() {
    return new Request(true, 0);
  }

  static Request failed(long again) {
    return new Request(false, again);
  }

  boolean due(long now) {
    return !outstanding && now >= notBefore;
  }
}

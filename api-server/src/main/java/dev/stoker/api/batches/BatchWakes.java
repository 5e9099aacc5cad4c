package dev.stoker.api.batches;

/** Tells those who go on with a batch that there is something to do. A lost hint costs a second. */
public interface BatchWakes {
  /** A batch waits to be judged. */
  void created();

  /** A batch shall end. */
  void cancelled();
}

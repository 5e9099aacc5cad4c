package dev.stoker.worker.engine.llama;

import java.util.concurrent.CompletableFuture;

/** A task that somebody waits for. */
final class Job {
  private final Task task;
  private final CompletableFuture<Ending> ending = new CompletableFuture<>();

  Job(Task task) {
    this.task = task;
  }

  Task task() {
    return task;
  }

  /** Done when the task has ended; cancelled when nobody waits any more. */
  CompletableFuture<Ending> ending() {
    return ending;
  }

  void end(Ending how) {
    ending.complete(how);
  }

  boolean unwanted() {
    return ending.isCancelled();
  }
}

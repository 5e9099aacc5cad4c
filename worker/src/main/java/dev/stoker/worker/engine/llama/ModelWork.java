package dev.stoker.worker.engine.llama;

/** What a model does, step by step. For the one thread that has the model. */
sealed interface ModelWork extends AutoCloseable permits TextWork, VectorWork {

  /** The model cannot go on. */
  final class ModelBroken extends Exception {
    private static final long serialVersionUID = 1L;

    ModelBroken(int status) {
      super("llama.cpp failed with status " + status + ": " + LlamaCpp.lastError());
    }
  }

  /** Whether another job can be begun. */
  boolean hasRoom();

  /** Whether a job has been begun and not ended. */
  boolean busy();

  /** Begins a job, or ends it at once if it cannot be done. There must be room. */
  void begin(Job job);

  /** Computes once for all jobs that were begun, and ends those that are done. */
  void step() throws ModelBroken;

  /** Ends all jobs that were begun. */
  void endAll(Ending how);

  /** Frees what belongs to the work, but not the model. */
  @Override
  void close();
}

package dev.stoker.worker.engine.onnx;

/** Where a model shall run. */
enum Device {
  /** On a GPU where one can be used, else on the processor. */
  AUTO,
  CPU,
  /** On a GPU, or not at all. */
  CUDA
}

/**
 * Runs lines: one virtual thread a line, as many at once as the engine has slots. {@link
 * dev.stoker.worker.execute.RetryPolicy} decides, purely, what an engine's reply means for the
 * line.
 */
package dev.stoker.worker.execute;

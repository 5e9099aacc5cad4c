/**
 * Which models this worker serves, and which of them is in memory. {@link
 * dev.stoker.worker.model.Models} reads the configuration, {@link
 * dev.stoker.worker.model.SwapPolicy} decides, purely, when another model's turn has come, {@link
 * dev.stoker.worker.model.SwapLoop} brings that about, and {@link
 * dev.stoker.worker.model.SwappingEngine} is what the rest of the worker sees: one engine.
 */
package dev.stoker.worker.model;

/** llama.cpp in the worker's own process. */
package dev.stoker.worker.engine.llama;

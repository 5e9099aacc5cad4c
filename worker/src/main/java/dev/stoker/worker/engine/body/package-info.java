/**
 * Request and reply bodies that more than one of the engines in this process reads and writes, in
 * OpenAI's shape. An engine elsewhere is passed the bytes as they are.
 */
package dev.stoker.worker.engine.body;

/**
 * The one seam between the worker and what computes answers.
 *
 * <p>An engine is asked for one request at a time, from many threads at once, and answers each with
 * one {@link dev.stoker.worker.engine.EngineReply}. It never throws for a bad request: a request
 * that it refuses is an answer with a 4xx status and OpenAI's error envelope. What is not an answer
 * (out of reach, out of time) costs the request nothing. To add an engine, implement {@link
 * dev.stoker.worker.engine.Engine}; the rest of the worker knows no engine by name.
 */
package dev.stoker.worker.engine;

/**
 * The worker: claims shards, asks the engine, settles the answers. {@link dev.stoker.worker.Worker}
 * puts the parts together by hand; there is no context to start, since every worker start is part
 * of a recovery.
 *
 * <p>Lines flow one way: claim → waiting → dispatch → engine → settle. Nothing waits for a shard or
 * a batch to be complete. It ends in one of three ways: drained (exit 0), superseded (75),
 * misconfigured (78).
 */
package dev.stoker.worker;

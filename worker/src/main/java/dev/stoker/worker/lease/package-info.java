/**
 * The shards this worker holds: how they are claimed ahead of need, kept, lost and given back.
 *
 * <p>{@link dev.stoker.worker.lease.HeldShards} is the only state that the worker's loops share. A
 * shard enters it when claimed and leaves it when its last line is settled, when its lease is lost,
 * or when it is given back. A shard that is <em>dismissed</em> (its batch was cancelled, the engine
 * is down, the worker drains) starts no further line; once what runs of it is settled it goes back
 * to the queue.
 *
 * <p>Lines that were in flight when a worker died are <em>suspects</em>: they run apart from
 * others, in small groups or alone, so that the next death says more about each. {@link
 * dev.stoker.worker.lease.Turn} decides, purely, which line may start.
 */
package dev.stoker.worker.lease;

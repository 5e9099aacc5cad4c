/**
 * The lease protocol: claim, renew, settle, give back, reap.
 *
 * <p>A shard is claimed for a time by the incarnation of a worker. {@code attempt} counts its
 * claims, is never lowered and is the fencing token: every later write of the holder must name it,
 * and a holder whose shard was claimed again changes nothing. {@code faults} counts the claims that
 * ended with the death of their holder, for reasons unknown; giving back counts none.
 *
 * <p>Where it is known which lines a dead holder ran, these get a strike instead. Suspects run
 * apart from others, in groups that shrink with each death, until the one that ends its worker has
 * done so alone, twice. Such a line is convicted: it ends with an error, and its neighbours get
 * answers.
 *
 * <p>An engine may be asked twice for a line whose holder died before its result was stored; its
 * result is stored once. Storing and counting happen in one statement that counts only what it
 * stored, so it may be sent again when its outcome is unknown.
 *
 * <p>Time is the database's. A holder believes in its lease for less than it lasts, counted by its
 * own monotonic clock from before it asked.
 */
package dev.stoker.queue;

/**
 * The life of one worker slot, as a pure function: {@link dev.stoker.watchdog.slot.Supervisor}
 * takes a status and an observation and gives the next status and the actions. It holds no clock,
 * no connection, no process.
 *
 * <pre>
 * reconciling ─▶ adopting ─▶ running ⇄ suspect
 *      │             │          │         │
 *      │             ▼          ▼         ▼
 *      │          fencing ─▶ killing ─▶ confirming ⇄ unkillable
 *      │                                   │
 *      ▼                                   ▼
 *  reserving ◀─ backoff ◀────────────── returning ─▶ stopped
 *      │ │
 *      │ └─▶ gave up
 *      ▼
 *  launching ─▶ starting ─▶ running
 * </pre>
 *
 * <p>A death goes the same way as a hang: the dead are fenced too, since what they had started may
 * live, and killed too, for the same reason. {@code gave up} and {@code stopped} have no way out.
 *
 * <p>Decisions. Stuck is measured from when the watchdog saw the worker idle or moving, not from
 * its last finished line: a worker idle for an hour that gets work is not stuck. A worker whose
 * engine is down has started: killing it mends no engine. A start that failed to make a process
 * counts like one whose process died. Backoff grows also for deaths that do not count, so that two
 * hosts of one name do not fence each other in a tight circle.
 */
package dev.stoker.watchdog.slot;

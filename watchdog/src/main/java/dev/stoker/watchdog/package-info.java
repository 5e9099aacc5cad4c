/**
 * The watchdog: it starts the workers of one host, sees at once when one dies, notices when one
 * hangs, and puts another in its place; too many times, and it gives up and calls a person.
 *
 * <p>One thread, {@link dev.stoker.watchdog.Supervision}, goes round the slots. For each slot a
 * {@link dev.stoker.watchdog.SlotKeeper} gathers what is to be seen, lets the pure {@link
 * dev.stoker.watchdog.slot.Supervisor} decide, and carries the decision out. Nothing on that thread
 * waits: the database has a thread of its own, each process another, and their news wake the first.
 *
 * <p>What it promises:
 *
 * <ul>
 *   <li>A worker that beats and works is never killed. A heartbeat proves nothing while the
 *       database is away, nor until it has answered again for as long as a beat may be old, nor
 *       after this process itself stood still, the host slept, or the database's clock was set.
 *   <li>No signal goes to a pid: each goes to a descriptor of a process whose start time was
 *       compared.
 *   <li>Fence, kill, confirm, return the leases, start: in this order. Only a stop of the watchdog
 *       does without the fence, when the worker ended by itself or the database is away.
 *   <li>A watchdog that dies leaves its workers to the next one; one that is told to stop (SIGTERM)
 *       stops them first.
 *   <li>Starts are counted in the database, so no restart of the watchdog refills the budget.
 * </ul>
 *
 * <p>What it does not see yet: a worker that hangs while the database is away. There is no second
 * channel for its beats.
 *
 * <p>Exit codes: 0 stopped as told, 70 broken, 73 another watchdog has this directory or slots of
 * these names, 78 wrong settings.
 */
package dev.stoker.watchdog;

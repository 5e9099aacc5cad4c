/**
 * All of Stoker's queue in one JVM, under faults, in an order that a seed decides.
 *
 * <p>Clients, api-servers, workers, a watchdog and a nemesis are {@link
 * dev.stoker.simulation.Task}s, of which one runs at a time. Each gives up its turn before every
 * statement and whenever it would wait; {@link dev.stoker.simulation.Scheduler} decides who is
 * next, and time passes only when nobody has anything to do. One clock is everybody's: the
 * processes' monotonic one, and the database's, which the nemesis may set forward. After every
 * write {@link dev.stoker.simulation.Ledger} holds the rows against the promises of the design; in
 * the end everything heals, every batch has to end in bounded time, and each client holds its
 * result files against what the engine must have said. The same seed always gives the same steps.
 *
 * <p>Real are PostgreSQL, its schema, locks and transactions; all that happens behind the HTTP
 * server: uploads, batches, intake, the loop that ends and reaps, retention, downloads; a worker's
 * claims, renewals, retries, suspects and settling; the fencing of heartbeats, the return of
 * leases, strikes, blame, and the watchdog's reservations.
 *
 * <p>Modelled are threads and processes and their deaths, sleeps and wakes, the network to the
 * database (a statement that is lost, or whose answer is), the engine, the beats of a worker's
 * heart, and the order in which the watchdog's supervisor does its work.
 */
package dev.stoker.simulation;

/**
 * The command line, {@code scripts/stoker}: what it shows it reads from the database, so that it
 * works while the api-server does not; what it is asked to do it leaves there: as a wish, which the
 * watchdog of the slot finds, or as a model to be tried again, which a worker finds. It also writes
 * the units with which systemd runs this installation.
 */
package dev.stoker.watchdog.command;

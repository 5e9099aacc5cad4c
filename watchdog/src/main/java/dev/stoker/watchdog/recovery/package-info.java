/** What the watchdog has done, kept in the database; also the budget of restarts. */
package dev.stoker.watchdog.recovery;

/** Calls for people. */
package dev.stoker.watchdog.alert;

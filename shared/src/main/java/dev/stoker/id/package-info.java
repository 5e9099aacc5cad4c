/**
 * Identifiers that sort by creation, so that a list's cursor needs no look-up of the row it names.
 */
package dev.stoker.id;

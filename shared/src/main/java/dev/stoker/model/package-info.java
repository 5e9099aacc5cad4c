/**
 * The models that workers can serve. A worker registers, at its start, what its configuration says
 * of each; it adds how loading went. A model that fails to load several times in a row, with nobody
 * having it loaded, is quarantined: its requests end with the reason, whatever else waits goes on,
 * and it is not loaded again until a person resets it or its configuration changes.
 *
 * <p>Who serves a model and who has it loaded is said by the heartbeats, not here.
 */
package dev.stoker.model;

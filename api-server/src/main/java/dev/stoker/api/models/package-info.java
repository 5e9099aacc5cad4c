/**
 * Models: those that workers say they serve, with what the registry knows of each, and those that
 * are quarantined.
 */
package dev.stoker.api.models;

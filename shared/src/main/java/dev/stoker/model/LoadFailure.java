package dev.stoker.model;

/**
 * What a failed load has come to.
 *
 * @param count how many have failed in a row, this one among them
 * @param quarantined whether nobody shall try again
 */
public record LoadFailure(int count, boolean quarantined) {}

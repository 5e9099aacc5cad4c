/**
 * A whole installation with everything that can go wrong, and a checker that knows only the public
 * API and what it submitted. {@code scripts/chaos} runs it.
 */
package dev.stoker.chaos;

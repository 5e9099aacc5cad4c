/**
 * What goes wrong, as the client sees it: OpenAI's envelope with all four keys, whatever the cause.
 * {@link dev.stoker.api.error.ApiErrors} lists every error that Stoker returns on purpose; {@link
 * dev.stoker.api.error.ErrorAdvice} is the one place where a throwable becomes a response. Nothing
 * of an unexpected failure is shown but the request id, under which it is logged.
 */
package dev.stoker.api.error;

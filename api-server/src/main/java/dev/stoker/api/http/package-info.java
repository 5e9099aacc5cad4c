/**
 * The HTTP surface that all features share: where it listens, how it spells JSON, the id of every
 * request, cursors of lists, and the errors of the servlet container itself.
 *
 * <p>Three habits of HTTP servers are switched off because they break OpenAI's SDKs: redirects on
 * trailing slashes (a streamed upload cannot follow one), 406 on an {@code Accept} header that
 * nobody means, and reading multipart bodies before the controller asks.
 */
package dev.stoker.api.http;

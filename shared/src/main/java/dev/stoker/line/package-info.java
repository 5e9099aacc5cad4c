/**
 * The lines of a batch: {@link dev.stoker.line.LineCheck} judges an input line, {@link
 * dev.stoker.line.ResultLine} writes a result line. Both are pure. Bodies pass through as bytes;
 * nothing here builds an object tree of them.
 */
package dev.stoker.line;

package dev.stoker.line;

/** What {@link LineCheck} says of a line. */
public sealed interface LineVerdict {

  record Valid(RequestLine request) implements LineVerdict {}

  record Faulty(LineFault fault) implements LineVerdict {}
}

package dev.stoker.simulation;

/** What becomes of a statement. */
enum Fault {
  NONE,
  /** It never reaches the server. */
  UNSENT,
  /** The server has done it, but its answer is lost. */
  UNHEARD,
  /** The process dies before it can send it. */
  DEATH_BEFORE,
  /** The server has done it; the process dies before it hears of that. */
  DEATH_AFTER
}

package dev.stoker.watchdog.command;

import java.util.Map;

/**
 * What a command has to say.
 *
 * @param status with which the process ends
 * @param text for people
 * @param data the same for programs: maps, lists, texts, numbers, booleans and nulls
 */
record Answer(int status, String text, Map<String, Object> data) {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int MISUSED = 2;
  static final int UNREACHABLE = 3;
}

package dev.stoker.simulation;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Which lines were in flight when somebody died of something: only these may be suspected. */
final class Deaths {
  private final Map<String, Integer> alone = new HashMap<>();

  /** A worker or its engine has died with these lines. */
  void of(Collection<String> lines) {
    if (lines.size() == 1) {
      alone.merge(lines.iterator().next(), 1, Integer::sum);
    }
  }

  /** Whether nobody could tell the line from one that kills. */
  boolean convicts(String line) {
    return alone.getOrDefault(line, 0) >= 2;
  }
}

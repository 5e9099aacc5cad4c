package dev.stoker.watchdog.command;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What was typed after the command's name.
 *
 * @param names what is no option
 * @param options with their values; a flag's is empty
 */
record Invocation(List<String> names, Map<String, String> options) {
  private static final Set<String> WITH_VALUE =
      Set.of("-n", "--watch", "--config", "--user", "--output-dir");

  static Invocation parse(List<String> words, Set<String> allowed) {
    List<String> names = new ArrayList<>();
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (!word.startsWith("-")) {
        names.add(word);
      } else if (!allowed.contains(word)) {
        throw new Misused("unknown option " + word);
      } else if (WITH_VALUE.contains(word)) {
        i++;
        if (i == words.size()) {
          throw new Misused(word + " needs a value");
        }
        options.put(word, words.get(i));
      } else {
        options.put(word, "");
      }
    }
    return new Invocation(List.copyOf(names), Map.copyOf(options));
  }

  boolean has(String option) {
    return options.containsKey(option);
  }

  Optional<String> value(String option) {
    return Optional.ofNullable(options.get(option));
  }

  int number(String option, int fallback, int max) {
    try {
      int number = value(option).map(Integer::parseInt).orElse(fallback);
      if (number >= 1 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new Misused(option + " needs a whole number from 1 to " + max);
  }

  void noNames() {
    if (!names.isEmpty()) {
      throw new Misused("unknown argument " + names.getFirst());
    }
  }
}

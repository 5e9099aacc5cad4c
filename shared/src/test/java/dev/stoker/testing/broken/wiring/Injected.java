package dev.stoker.testing.broken.wiring;

import org.springframework.beans.factory.annotation.Autowired;

/** Gets what it needs behind its back. */
@SuppressWarnings("UnusedVariable")
final class Injected {
  @Autowired private String field;

  @Autowired
  Injected() {}

  @Autowired
  void set(String value) {
    field = value;
  }
}

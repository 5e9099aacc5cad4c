package dev.stoker.testing.broken.blue;

import dev.stoker.testing.broken.red.Red;
import java.util.Optional;

/** Needs red, which needs blue. */
public final class Blue {
  public Optional<Red> red() {
    return Optional.of(new Red(this));
  }
}

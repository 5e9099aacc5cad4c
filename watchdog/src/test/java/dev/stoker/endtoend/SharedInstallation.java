package dev.stoker.endtoend;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests that do no harm one {@link Installation} for all of them, started with the first that
 * asks and stopped after the last:
 *
 * <pre>{@code
 * @ExtendWith(SharedInstallation.class)
 * class SomeIT {
 *   @Test
 *   void does_something(Installation installation) {}
 * }
 * }</pre>
 */
public final class SharedInstallation implements ParameterResolver {
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Installation.class;
  }

  @Override
  public Installation resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(Namespace.create(SharedInstallation.class))
        .computeIfAbsent(Installation.class, _ -> Installation.start(name()), Installation.class);
  }

  /** Each JVM that runs tests at the same time has its own. */
  private static String name() {
    return "shared-" + ProcessHandle.current().pid();
  }
}

package dev.stoker.worker;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * SIGTERM and SIGINT, taken before the JVM's own shutdown begins. A shutdown hook would be too
 * late: hooks run side by side, and ONNX Runtime's frees its native memory under the requests that
 * a drain still waits for. Reached by reflection, since javac warns of the package whatever it is
 * told.
 */
final class EndSignals {
  private EndSignals() {}

  /** Runs the action once, at the first such signal; it must end the process. */
  static void first(Runnable action) {
    AtomicBoolean taken = new AtomicBoolean();
    Runnable once =
        () -> {
          if (!taken.getAndSet(true)) {
            action.run();
          }
        };
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MethodHandle run =
          lookup.findVirtual(Runnable.class, "run", MethodType.methodType(void.class)).bindTo(once);
      Object taker =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.dropArguments(run, 0, signal));
      for (String name : List.of("TERM", "INT")) {
        signal
            .getMethod("handle", signal, handler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), taker);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM cannot tell of signals", e);
    }
  }
}

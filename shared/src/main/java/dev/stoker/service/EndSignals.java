package dev.stoker.service;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The signals that end a process, taken before the JVM's own shutdown begins. A shutdown hook would
 * be too late: hooks run side by side, and ONNX Runtime's frees its native memory under the
 * requests that a drain still waits for. Reached by reflection, since javac warns of the package
 * whatever it is told.
 */
public final class EndSignals {
  private static final List<String> STOP = List.of("TERM", "INT");
  private static final List<String> HANDOVER = List.of("USR1", "HUP");

  private EndSignals() {}

  /** Runs the action once, at the first SIGTERM or SIGINT; it must end the process. */
  public static void first(Runnable stop) {
    take(STOP, once(new AtomicBoolean(), stop));
  }

  /**
   * Runs one of the actions, once, at the first signal; it must end the process.
   *
   * @param stop at SIGTERM and SIGINT
   * @param handover at SIGUSR1 and SIGHUP: a successor goes on with what this process looks after
   */
  public static void first(Runnable stop, Runnable handover) {
    AtomicBoolean taken = new AtomicBoolean();
    take(STOP, once(taken, stop));
    take(HANDOVER, once(taken, handover));
  }

  private static Runnable once(AtomicBoolean taken, Runnable action) {
    return () -> {
      if (!taken.getAndSet(true)) {
        action.run();
      }
    };
  }

  private static void take(List<String> names, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MethodHandle run =
          lookup
              .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
              .bindTo(action);
      Object taker =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.dropArguments(run, 0, signal));
      for (String name : names) {
        signal
            .getMethod("handle", signal, handler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), taker);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM cannot tell of signals", e);
    }
  }
}

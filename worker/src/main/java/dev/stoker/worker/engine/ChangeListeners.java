package dev.stoker.worker.engine;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Those who want to know when an engine has changed; see {@link Engine#onChange}. */
public final class ChangeListeners {
  private final List<Runnable> actions = new CopyOnWriteArrayList<>();

  /** Runs an action now and at every change. */
  public void add(Runnable action) {
    actions.add(action);
    action.run();
  }

  /** Tells all. */
  public void changed() {
    actions.forEach(Runnable::run);
  }
}

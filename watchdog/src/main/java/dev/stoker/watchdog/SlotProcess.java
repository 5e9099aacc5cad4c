package dev.stoker.watchdog;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;
import dev.stoker.watchdog.process.Launcher;
import dev.stoker.watchdog.process.OutOfMemory;
import dev.stoker.watchdog.process.ProcessTree;
import dev.stoker.watchdog.process.WatchedProcess;
import dev.stoker.watchdog.slot.ProcessSeen;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/** The process of one slot, with all that it starts. Used by the supervision's thread alone. */
final class SlotProcess {

  private final int slot;
  private final Launcher launcher;
  private final LongSupplier ticker;
  private final Runnable wake;

  private Optional<WatchedProcess> process = Optional.empty();
  private Optional<ProcessTree> tree = Optional.empty();
  private Optional<OutOfMemory.Snapshot> memory = Optional.empty();

  /**
   * @param wake called on another thread when the process has ended
   */
  SlotProcess(int slot, Launcher launcher, LongSupplier ticker, Runnable wake) {
    this.slot = slot;
    this.launcher = launcher;
    this.ticker = ticker;
    this.wake = wake;
  }

  /** Watches a process that is there; says whether it is. */
  boolean adopt(ProcessIdentity identity) {
    Optional<WatchedProcess> found = WatchedProcess.adopt(identity, ticker, wake);
    found.ifPresent(
        present -> {
          process = found;
          tree = Optional.of(launcher.treeOfStranger(present, slot));
          remember();
        });
    if (found.isEmpty()) {
      findLeftovers();
    }
    return found.isPresent();
  }

  /**
   * Whoever lives in the slot though nothing is known of him is held as a tree without a leader.
   */
  void findLeftovers() {
    process = Optional.empty();
    tree = launcher.leftovers(slot);
  }

  WatchedProcess launch(WorkerId id) throws IOException {
    process = Optional.empty();
    tree = Optional.empty();
    WatchedProcess started = launcher.start(id, slot, wake);
    process = Optional.of(started);
    tree = Optional.of(launcher.treeOfChild(started, slot));
    memory = Optional.of(OutOfMemory.snapshot(started.identity().pid()));
    return started;
  }

  Optional<WatchedProcess> watched() {
    return process;
  }

  /** Of the process and of all that it was ever seen to have started; empty if there is none. */
  Set<Long> pids() {
    return tree.map(ProcessTree::pids).orElseGet(Set::of);
  }

  /** What the kernel had counted while it lived. */
  Optional<OutOfMemory.Snapshot> memory() {
    return memory;
  }

  /** Notes what can be seen only while it lives. */
  void remember() {
    tree.ifPresent(ProcessTree::remember);
    process
        .filter(living -> living.end().isEmpty())
        .ifPresent(living -> memory = Optional.of(OutOfMemory.snapshot(living.identity().pid())));
  }

  /**
   * @param thorough whether it matters that all it started is gone; that may take a look at every
   *     process of the host
   */
  ProcessSeen seen(boolean thorough) {
    if (process.isEmpty()) {
      return tree.isEmpty() || tree.get().gone()
          ? new ProcessSeen.None()
          : new ProcessSeen.Ended(Optional.empty(), ticker.getAsLong(), false);
    }
    return process
        .get()
        .end()
        .<ProcessSeen>map(
            end ->
                new ProcessSeen.Ended(
                    end.status(), end.at(), thorough && tree.orElseThrow().gone()))
        .orElseGet(ProcessSeen.Alive::new);
  }

  /** Those that it has started are noted before they lose their parent. */
  void terminate() {
    remember();
    process.ifPresent(WatchedProcess::terminate);
  }

  void kill() {
    tree.ifPresent(ProcessTree::kill);
  }
}

package dev.stoker.watchdog.process;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** A tree in a scope of systemd's: held by its session until the control group is to be seen. */
final class ScopeTree implements ProcessTree {

  private final WatchedProcess leader;
  private final Supplier<Optional<ControlGroup>> group;
  private final ProcessTree session;
  private Optional<ProcessTree> scope = Optional.empty();

  ScopeTree(WatchedProcess leader, Supplier<Optional<ControlGroup>> group) {
    this.leader = leader;
    this.group = group;
    this.session = new SessionTree(leader, true);
  }

  @Override
  public void remember() {
    current().remember();
  }

  @Override
  public Set<Long> pids() {
    Set<Long> pids = new HashSet<>(session.pids());
    pids.addAll(current().pids());
    return pids;
  }

  @Override
  public void kill() {
    current().kill();
  }

  @Override
  public boolean gone() {
    return current().gone();
  }

  private ProcessTree current() {
    if (scope.isEmpty()) {
      scope = group.get().map(found -> new CgroupTree(Optional.of(leader), List.of(found)));
    }
    return scope.orElse(session);
  }
}

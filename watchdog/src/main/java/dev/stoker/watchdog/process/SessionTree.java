package dev.stoker.watchdog.process;

import dev.stoker.health.ProcessIdentity;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tree held together by its session and by descent, for hosts where there is no control group to
 * be had. Misses who has left both: a process in a session of its own whose parent died before
 * anybody looked.
 *
 * <p>Each member is signalled through a descriptor of its own, not by {@code killpg}, whose group
 * may belong to strangers once its leader is dead.
 */
final class SessionTree implements ProcessTree {

  private static final Logger log = LoggerFactory.getLogger(SessionTree.class);

  private final WatchedProcess leader;
  private final boolean ownSession;

  /** By pid; without the leader. */
  private final Map<Long, ProcessIdentity> members = new HashMap<>();

  private final Set<Long> pids = new HashSet<>();

  /**
   * @param ownSession whether the session that bears the leader's pid is the leader's
   */
  SessionTree(WatchedProcess leader, boolean ownSession) {
    this.leader = leader;
    this.ownSession = ownSession;
    pids.add(leader.identity().pid());
  }

  @Override
  public void remember() {
    look();
  }

  @Override
  public Set<Long> pids() {
    return Set.copyOf(pids);
  }

  @Override
  public void kill() {
    leader.kill();
    look();
    members.values().forEach(SessionTree::kill);
    Moment.whilst(() -> members.values().stream().anyMatch(SessionTree::alive));
  }

  @Override
  public boolean gone() {
    if (leader.end().isEmpty() || !look()) {
      return false;
    }
    members.values().removeIf(member -> !alive(member));
    return members.isEmpty();
  }

  /** Whether one could look; otherwise who was known is still known. */
  private boolean look() {
    try {
      look(
          ProcessTable.all().stream()
              .collect(Collectors.toMap(ProcessTable.Entry::pid, entry -> entry)));
      return true;
    } catch (UncheckedIOException e) {
      log.warn(
          "Who belongs to process {} cannot be seen: {}", leader.identity().pid(), e.toString());
      return false;
    }
  }

  private void look(Map<Long, ProcessTable.Entry> now) {
    members.values().removeIf(member -> !present(member, now));
    Map<Long, List<ProcessTable.Entry>> children =
        now.values().stream().collect(Collectors.groupingBy(ProcessTable.Entry::parent));
    Deque<Long> unvisited = new ArrayDeque<>(members.keySet());
    if (present(leader.identity(), now)) {
      unvisited.add(leader.identity().pid());
    }
    if (ownsSession(now)) {
      now.values().stream()
          .filter(entry -> entry.session() == leader.identity().pid())
          .forEach(entry -> add(entry, unvisited));
    }
    while (!unvisited.isEmpty()) {
      children.getOrDefault(unvisited.remove(), List.of()).forEach(entry -> add(entry, unvisited));
    }
  }

  private void add(ProcessTable.Entry entry, Deque<Long> unvisited) {
    ProcessIdentity leading = leader.identity();
    if (entry.pid() != leading.pid() && !members.containsKey(entry.pid())) {
      members.put(
          entry.pid(), new ProcessIdentity(entry.pid(), entry.startTicks(), leading.bootId()));
      unvisited.add(entry.pid());
      pids.add(entry.pid());
    }
  }

  /** A session's number is given away again only when nobody is left in it. */
  private boolean ownsSession(Map<Long, ProcessTable.Entry> now) {
    ProcessTable.Entry namesake = now.get(leader.identity().pid());
    return ownSession
        && (namesake == null || namesake.startTicks() == leader.identity().startTicks());
  }

  private static boolean present(ProcessIdentity process, Map<Long, ProcessTable.Entry> now) {
    ProcessTable.Entry entry = now.get(process.pid());
    return entry != null && entry.startTicks() == process.startTicks();
  }

  /** Also true when nobody can say: it is asked again. */
  private static boolean alive(ProcessIdentity process) {
    try {
      var descriptor = WatchedProcess.openVerified(process);
      descriptor.ifPresent(Kernel::release);
      return descriptor.isPresent();
    } catch (UncheckedIOException e) {
      return true;
    }
  }

  private static void kill(ProcessIdentity process) {
    try {
      WatchedProcess.openVerified(process)
          .ifPresent(
              descriptor -> {
                Kernel.signal(descriptor, Kernel.SIGKILL);
                Kernel.release(descriptor);
              });
    } catch (UncheckedIOException e) {
      log.warn("Process {} is not killed yet: {}", process.pid(), e.toString());
    }
  }
}

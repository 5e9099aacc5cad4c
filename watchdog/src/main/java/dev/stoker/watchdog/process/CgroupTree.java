package dev.stoker.watchdog.process;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tree held together by control groups: nobody leaves it by a session of his own or by losing his
 * parent, and one word to the kernel ends all.
 */
final class CgroupTree implements ProcessTree {

  private static final Logger log = LoggerFactory.getLogger(CgroupTree.class);

  /** Absent when nobody knows any more who it was. */
  private final Optional<WatchedProcess> leader;

  private final List<ControlGroup> groups;
  private final Set<Long> pids = new HashSet<>();

  CgroupTree(Optional<WatchedProcess> leader, List<ControlGroup> groups) {
    this.leader = leader;
    this.groups = groups;
    leader.ifPresent(process -> pids.add(process.identity().pid()));
    remember();
  }

  /** Who belongs to it the kernel remembers, but not who did. */
  @Override
  public void remember() {
    groups.forEach(group -> pids.addAll(group.pids()));
  }

  @Override
  public Set<Long> pids() {
    return Set.copyOf(pids);
  }

  /** The leader by itself, too: it may be on its way into the group. */
  @Override
  public void kill() {
    remember();
    leader.ifPresent(WatchedProcess::kill);
    groups.forEach(CgroupTree::kill);
    Moment.whilst(this::populated);
  }

  @Override
  public boolean gone() {
    return leader.map(process -> process.end().isPresent()).orElse(true) && !populated();
  }

  private boolean populated() {
    return groups.stream().anyMatch(ControlGroup::populated);
  }

  private static void kill(ControlGroup group) {
    try {
      group.kill();
    } catch (IOException e) {
      log.warn("The control group {} cannot be killed: {}", group.directory(), e.toString());
    }
  }
}

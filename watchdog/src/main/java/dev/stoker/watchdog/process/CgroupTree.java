package dev.stoker.watchdog.process;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
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

  CgroupTree(Optional<WatchedProcess> leader, List<ControlGroup> groups) {
    this.leader = leader;
    this.groups = groups;
  }

  /** The kernel remembers. */
  @Override
  public void remember() {}

  /** The leader by itself, too: it may be on its way into the group. */
  @Override
  public void kill() {
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

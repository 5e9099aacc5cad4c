package dev.stoker.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * As whom the server runs. PostgreSQL refuses to run as root, so that root needs another account;
 * anyone else runs it himself.
 *
 * @param prefix what stands before a command to run it as this account
 * @param owner to whom files of the server are given; empty to keep them
 */
record ServerAccount(List<String> prefix, Optional<Owner> owner) {

  /** A user and his group, as the file system numbers them. */
  record Owner(int uid, int gid) {
    static Owner of(Path path) throws IOException {
      return new Owner(
          (int) Files.getAttribute(path, "unix:uid"), (int) Files.getAttribute(path, "unix:gid"));
    }
  }

  private static final int ROOT = 0;
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(10);
  private static final ServerAccount OURSELVES = new ServerAccount(List.of(), Optional.empty());

  /** Root under another number: enters what root may enter, yet PostgreSQL takes it. */
  private static final ServerAccount NAMESPACE =
      new ServerAccount(List.of("unshare", "--user"), Optional.empty());

  /**
   * The account for a cluster: that of its owner, or the best one if there is no cluster yet.
   *
   * @param program what the account must be able to run; stands beside the cluster
   */
  static ServerAccount choose(Path cluster, Path program) throws IOException {
    int ours = Owner.of(Path.of("/proc/self")).uid();
    if (Files.exists(cluster)) {
      return ofOwner(cluster, Owner.of(cluster), ours, program);
    }
    if (ours != ROOT) {
      return OURSELVES;
    }
    List<ServerAccount> candidates = new ArrayList<>();
    for (String name : List.of("stoker", "postgres", "nobody")) {
      passwd(name).map(ServerAccount::of).ifPresent(candidates::add);
    }
    candidates.add(NAMESPACE);
    for (ServerAccount candidate : candidates) {
      if (candidate.canRun(program)) {
        return candidate;
      }
    }
    throw new EmbeddedPostgresFailed(
        "PostgreSQL does not run as root, no other user can enter "
            + cluster.getParent()
            + ", and this system allows no user namespaces. Set STOKER_DATA_DIR to a directory that"
            + " others can enter, such as /var/lib/stoker, or run Stoker as an ordinary user.");
  }

  private static ServerAccount ofOwner(Path cluster, Owner owner, int ours, Path program)
      throws IOException {
    if (ours != ROOT && owner.uid() != ours) {
      throw new EmbeddedPostgresFailed(
          "%s belongs to user %d, but this is user %d. Run Stoker as its owner, or set STOKER_DATA_DIR to another directory."
              .formatted(cluster, owner.uid(), ours));
    }
    if (ours != ROOT) {
      return OURSELVES;
    }
    ServerAccount account = owner.uid() == ROOT ? NAMESPACE : of(owner);
    if (!account.canRun(program)) {
      throw new EmbeddedPostgresFailed(
          "%s belongs to user %d, who cannot run %s. Let that user enter the directories above it, or set STOKER_DATA_DIR to another directory."
              .formatted(cluster, owner.uid(), program));
    }
    return account;
  }

  private static ServerAccount of(Owner owner) {
    return new ServerAccount(
        List.of(
            "setpriv", "--reuid=" + owner.uid(), "--regid=" + owner.gid(), "--clear-groups", "--"),
        Optional.of(owner));
  }

  private static Optional<Owner> passwd(String name) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/etc/passwd"))) {
      return lines
          .map(line -> line.split(":", -1))
          .filter(fields -> fields.length > 3 && fields[0].equals(name))
          .map(fields -> new Owner(Integer.parseInt(fields[2]), Integer.parseInt(fields[3])))
          .findFirst();
    }
  }

  /** The command as this account runs it. */
  List<String> command(Path program, List<String> arguments) {
    List<String> words = new ArrayList<>(prefix);
    words.add(program.toString());
    words.addAll(arguments);
    return words;
  }

  /** Makes this account the owner of a file or directory. */
  void give(Path path) throws IOException {
    if (owner.isPresent()) {
      Files.setAttribute(path, "unix:uid", owner.get().uid());
      Files.setAttribute(path, "unix:gid", owner.get().gid());
    }
  }

  /** By way of a shell: setpriv still has root's rights when it runs its first program. */
  private boolean canRun(Path program) {
    List<String> arguments = List.of("-c", "exec \"$0\" --version", program.toString());
    try {
      return Command.run(command(Path.of("/bin/sh"), arguments), PROBE_TIMEOUT).succeeded();
    } catch (IOException e) {
      return false; // setpriv or unshare is not there
    }
  }
}

package dev.stoker.watchdog.gpu;

import dev.stoker.health.GpuPin;
import dev.stoker.watchdog.gpu.Gpu.Holder;
import dev.stoker.watchdog.gpu.GpuJudgement.Busy;
import dev.stoker.watchdog.gpu.GpuJudgement.Healthy;
import dev.stoker.watchdog.gpu.GpuJudgement.Quarantine;
import dev.stoker.watchdog.gpu.GpuJudgement.RestartAllowed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What each fact about a GPU means for the next worker, after NVIDIA's catalogue of Xid errors and
 * its notes on GPU memory errors.
 */
final class GpuCatalogue {

  /** The program is at fault, unless it happens again and again. */
  private static final Set<Integer> RESTART_XIDS = Set.of(13, 31, 32, 68, 69);

  /** Memory errors that the card has dealt with. */
  private static final Set<Integer> WARNING_XIDS = Set.of(63, 94);

  /** Only a reset, or a hand, helps. */
  private static final Set<Integer> FATAL_XIDS =
      Set.of(46, 62, 64, 79, 95, 109, 110, 119, 120, 136, 140, 143, 155, 156, 158);

  private static final int DOUBLE_BIT_XID = 48;
  private static final int LINK_XID = 74;

  private static final int RESTART_XIDS_MAX = 3;
  private static final Duration RESTART_XIDS_WINDOW = Duration.ofHours(1);

  /** What a driver may hold by itself. */
  private static final long SLACK_BYTES = 1L << 30;

  private GpuCatalogue() {}

  static GpuJudgement judge(
      GpuLook look,
      Optional<GpuLook> baseline,
      GpuPin pin,
      Collection<Long> ours,
      Collection<Long> siblings) {
    return switch (look) {
      case GpuLook.NoGpu _ -> new Healthy();
      case GpuLook.Unknown unknown -> ofUnknown(unknown, baseline, pin);
      case GpuLook.Seen seen -> ofSeen(seen, baseline, pin, ours, siblings);
    };
  }

  private static GpuJudgement ofUnknown(
      GpuLook.Unknown unknown, Optional<GpuLook> baseline, GpuPin pin) {
    List<Gpu> gpus = covered(before(baseline), pin);
    return ofXids(unknown.messages(), baseline, gpus)
        .filter(judgement -> judgement instanceof Quarantine)
        .orElseGet(() -> new RestartAllowed("", "the GPUs cannot be asked: " + unknown.reason()));
  }

  private static GpuJudgement ofSeen(
      GpuLook.Seen seen,
      Optional<GpuLook> baseline,
      GpuPin pin,
      Collection<Long> ours,
      Collection<Long> siblings) {
    List<Gpu> gpus = covered(seen.gpus(), pin);
    List<GpuJudgement> all = new ArrayList<>();
    missing(gpus, baseline, pin).ifPresent(all::add);
    gpus.forEach(gpu -> ofFacts(gpu).ifPresent(all::add));
    List<Gpu> known = gpus.stream().allMatch(Gpu::answers) ? gpus : covered(before(baseline), pin);
    ofXids(seen.messages(), baseline, known).ifPresent(all::add);
    gpus.forEach(gpu -> ofMemory(gpu, before(baseline), ours, siblings).ifPresent(all::add));
    return gravest(all);
  }

  private static GpuJudgement gravest(List<GpuJudgement> all) {
    return first(all, Quarantine.class)
        .or(() -> first(all, Busy.class))
        .or(() -> first(all, RestartAllowed.class))
        .orElseGet(Healthy::new);
  }

  private static Optional<GpuJudgement> first(
      List<GpuJudgement> all, Class<? extends GpuJudgement> kind) {
    return all.stream().filter(kind::isInstance).findFirst();
  }

  /** A card may have fallen off the bus so far that it is not counted any more. */
  private static Optional<GpuJudgement> missing(
      List<Gpu> gpus, Optional<GpuLook> baseline, GpuPin pin) {
    Set<String> present = gpus.stream().map(Gpu::uuid).collect(Collectors.toSet());
    boolean silent = gpus.stream().anyMatch(gpu -> gpu.uuid().isEmpty()); // judged by its fault
    return silent
        ? Optional.empty()
        : covered(before(baseline), pin).stream()
            .filter(gpu -> !present.contains(gpu.uuid()))
            .findFirst()
            .map(gpu -> new Quarantine(gpu.uuid(), gpu.title() + " is not there any more"));
  }

  private static Optional<GpuJudgement> ofFacts(Gpu gpu) {
    if (gpu.fault() != 0) {
      return quarantine(gpu, "does not answer: " + fault(gpu.fault()));
    }
    if (gpu.recoveryAction().orElse(0) != 0) {
      return quarantine(
          gpu, "needs recovery action " + action((int) gpu.recoveryAction().getAsLong()));
    }
    if (gpu.rowsFailed()) {
      return quarantine(gpu, "could not remap a row of its memory");
    }
    return gpu.rowsPending()
        ? allowed(gpu, "remaps a row of its memory at its next reset")
        : Optional.empty();
  }

  /** Who was there before the worker, or before this watchdog, is there to share the GPU. */
  private static Optional<GpuJudgement> ofMemory(
      Gpu gpu, List<Gpu> before, Collection<Long> ours, Collection<Long> siblings) {
    Set<Long> pids = holders(gpu);
    Set<Long> left = new TreeSet<>(pids);
    left.retainAll(Set.copyOf(ours));
    if (!left.isEmpty()) {
      return Optional.of(
          new Busy(name(gpu), left, gpu.title() + " is still held by processes " + left));
    }
    long mostBytes =
        before.stream()
            .filter(known -> known.uuid().equals(gpu.uuid()))
            .flatMapToLong(known -> known.usedBytes().stream())
            .findFirst()
            .orElse(Long.MAX_VALUE - SLACK_BYTES);
    boolean held = gpu.usedBytes().orElse(0) > mostBytes + SLACK_BYTES;
    Set<Long> strangers = new TreeSet<>(pids);
    before.forEach(known -> strangers.removeAll(holders(known)));
    strangers.removeAll(Set.copyOf(siblings));
    return held && (pids.isEmpty() || !strangers.isEmpty())
        ? Optional.of(
            new Busy(
                name(gpu),
                strangers,
                "%s has %d MiB in use that %s, %d MiB before"
                    .formatted(
                        gpu.title(),
                        gpu.usedBytes().getAsLong() >> 20,
                        pids.isEmpty()
                            ? "no process holds"
                            : "are held by other processes " + strangers,
                        mostBytes >> 20)))
        : Optional.empty();
  }

  private static Set<Long> holders(Gpu gpu) {
    return gpu.holders().stream().map(Holder::pid).collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * @param gpus the slot's; if none is known, all errors are taken for theirs
   */
  private static Optional<GpuJudgement> ofXids(
      KernelMessages messages, Optional<GpuLook> baseline, List<Gpu> gpus) {
    long since = baseline.map(GpuCatalogue::upTo).orElse(0L);
    List<Xid> theirs =
        messages.xids().stream()
            .filter(xid -> gpus.isEmpty() || gpus.stream().anyMatch(gpu -> isOf(xid, gpu)))
            .toList();
    List<GpuJudgement> all = new ArrayList<>();
    for (Xid xid : theirs) {
      if (xid.atMicros() > since) {
        ofXid(xid, theirs, gpus).ifPresent(all::add);
      }
    }
    return all.isEmpty() ? Optional.empty() : Optional.of(gravest(all));
  }

  private static Optional<GpuJudgement> ofXid(Xid xid, List<Xid> theirs, List<Gpu> gpus) {
    Optional<Gpu> gpu = gpus.stream().filter(known -> isOf(xid, known)).findFirst();
    String name = gpu.map(GpuCatalogue::name).orElse(xid.bus());
    String text = "Xid " + xid.number() + " of GPU " + xid.bus() + ": " + xid.detail();
    if (FATAL_XIDS.contains(xid.number()) || (xid.number() == LINK_XID && gpus.size() > 1)) {
      return Optional.of(new Quarantine(name, text));
    }
    if (xid.number() == DOUBLE_BIT_XID) {
      boolean settled = gpu.filter(known -> known.recoveryAction().orElse(-1) == 0).isPresent();
      return Optional.of(settled ? new RestartAllowed(name, text) : new Quarantine(name, text));
    }
    if (RESTART_XIDS.contains(xid.number())) {
      long count = theirs.stream().filter(other -> isBefore(other, xid)).count();
      return count >= RESTART_XIDS_MAX
          ? Optional.of(new Quarantine(name, count + " errors within an hour, the last " + text))
          : Optional.empty();
    }
    return WARNING_XIDS.contains(xid.number())
        ? Optional.of(new RestartAllowed(name, text))
        : Optional.empty();
  }

  /** Whether one is an error of a program, of the same GPU, within the hour up to another. */
  private static boolean isBefore(Xid other, Xid xid) {
    long micros = xid.atMicros() - other.atMicros();
    return RESTART_XIDS.contains(other.number())
        && other.bus().equals(xid.bus())
        && micros >= 0
        && micros < RESTART_XIDS_WINDOW.toNanos() / 1000;
  }

  /** The kernel may write the domain with eight digits, NVML with four. */
  private static boolean isOf(Xid xid, Gpu gpu) {
    return !gpu.bus().isEmpty() && xid.bus().endsWith(gpu.bus());
  }

  private static List<Gpu> covered(List<Gpu> gpus, GpuPin pin) {
    return gpus.stream().filter(gpu -> pin.covers(gpu.index(), gpu.uuid(), gpu.mig())).toList();
  }

  private static List<Gpu> before(Optional<GpuLook> baseline) {
    return baseline.stream()
        .flatMap(look -> look instanceof GpuLook.Seen seen ? Stream.of(seen) : Stream.empty())
        .flatMap(seen -> seen.gpus().stream())
        .toList();
  }

  private static long upTo(GpuLook look) {
    return switch (look) {
      case GpuLook.NoGpu _ -> 0;
      case GpuLook.Unknown unknown -> unknown.messages().upToMicros();
      case GpuLook.Seen seen -> seen.messages().upToMicros();
    };
  }

  private static Optional<GpuJudgement> quarantine(Gpu gpu, String what) {
    return Optional.of(new Quarantine(name(gpu), gpu.title() + " " + what));
  }

  private static Optional<GpuJudgement> allowed(Gpu gpu, String what) {
    return Optional.of(new RestartAllowed(name(gpu), gpu.title() + " " + what));
  }

  private static String name(Gpu gpu) {
    return gpu.uuid().isEmpty() ? gpu.title() : gpu.uuid();
  }

  private static String fault(int error) {
    return switch (error) {
      case Gpu.LOST -> "it has fallen off the bus";
      case Gpu.RESET_REQUIRED -> "it has to be reset";
      default -> "NVML error " + error;
    };
  }

  private static String action(int action) {
    return switch (action) {
      case 1 -> "1, a reset";
      case 2 -> "2, a reboot";
      case 3 -> "3, a drain";
      case 4 -> "4, a drain and a reset";
      default -> Integer.toString(action);
    };
  }
}

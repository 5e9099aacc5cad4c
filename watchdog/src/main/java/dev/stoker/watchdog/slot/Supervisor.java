package dev.stoker.watchdog.slot;

import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.slot.ProcessSeen.Ended;
import dev.stoker.watchdog.slot.SlotStatus.Adopting;
import dev.stoker.watchdog.slot.SlotStatus.Confirming;
import dev.stoker.watchdog.slot.SlotStatus.Draining;
import dev.stoker.watchdog.slot.SlotStatus.Fencing;
import dev.stoker.watchdog.slot.SlotStatus.GaveUp;
import dev.stoker.watchdog.slot.SlotStatus.Killing;
import dev.stoker.watchdog.slot.SlotStatus.Launching;
import dev.stoker.watchdog.slot.SlotStatus.Reconciling;
import dev.stoker.watchdog.slot.SlotStatus.Reserving;
import dev.stoker.watchdog.slot.SlotStatus.Returning;
import dev.stoker.watchdog.slot.SlotStatus.Running;
import dev.stoker.watchdog.slot.SlotStatus.Starting;
import dev.stoker.watchdog.slot.SlotStatus.Stopped;
import dev.stoker.watchdog.slot.SlotStatus.Suspect;
import dev.stoker.watchdog.slot.SlotStatus.Unkillable;
import java.time.Duration;
import java.util.Optional;

/**
 * Decides for one slot. Pure: the same status and observation give the same decision.
 *
 * @param byHand whether a person started this watchdog, who has then looked at whatever was given
 *     up
 */
public record Supervisor(SlotSettings settings, String bootId, boolean byHand) {

  private static final Duration ASK_AGAIN = Duration.ofSeconds(1);
  private static final Duration CONFIRM_DEADLINE = Duration.ofSeconds(60);
  private static final Duration KILL_AGAIN = Duration.ofSeconds(10);
  private static final Duration FORGIVE_AFTER = Duration.ofMinutes(10);

  /** How a slot begins. */
  public SlotStatus first() {
    return new Reconciling();
  }

  public Decision next(SlotStatus status, Observation seen) {
    return switch (status) {
      case Reconciling now -> reconcile(now, seen);
      case Adopting now -> adopt(now, seen);
      case Starting now -> start(now, seen);
      case Running now -> watch(now, now.watch(), seen);
      case Suspect now -> watch(now, now.watch(), seen);
      case Draining now -> drain(now, seen);
      case Fencing now -> fence(now, seen);
      case Killing now -> kill(now, seen);
      case Confirming now -> confirm(now, seen);
      case Unkillable now -> keepKilling(now, seen);
      case Returning now -> returnLeases(now, seen);
      case SlotStatus.Backoff now -> backOff(now, seen);
      case Reserving now -> reserve(now, seen);
      case Launching now -> launch(now, seen);
      case GaveUp now -> Decision.of(now);
      case Stopped now -> Decision.of(now);
    };
  }

  /** Whether nothing more will happen to a slot of a watchdog that stops. */
  public static boolean settled(SlotStatus status) {
    return switch (status) {
      case Stopped _, GaveUp _, Unkillable _ -> true;
      case Reconciling _, Adopting _, Starting _, Running _, Suspect _, Draining _ -> false;
      case Fencing _, Killing _, Confirming _, Returning _ -> false;
      case SlotStatus.Backoff _, Reserving _, Launching _ -> false;
    };
  }

  private Decision reconcile(Reconciling status, Observation seen) {
    if (seen.stopping()) {
      return stopped();
    }
    return switch (seen.row()) {
      case RowSeen.Blind _ -> Decision.of(status);
      case RowSeen.Missing _ ->
          begin(new Start(new Cause.Planned("first start"), 0, Optional.empty()), seen);
      case RowSeen.Row row when row.process().isPresent() ->
          Decision.of(
              new Adopting(row, row.process().get()), new Action.Adopt(row.process().get()));
      case RowSeen.Row row -> foundDead(row, seen);
    };
  }

  private Decision adopt(Adopting status, Observation seen) {
    return switch (seen.answer().orElse(null)) {
      case Answer.Adopted _ -> adopted(status, seen);
      case Answer.NotThere _ -> foundDead(status.row(), seen);
      case null, default -> Decision.of(status);
    };
  }

  /** Its heartbeat is judged once the database has answered for a whole stale window. */
  private static Decision adopted(Adopting status, Observation seen) {
    RowSeen.Row row = status.row();
    Child child = new Child(row.id(), status.process());
    Start start = new Start(new Cause.Planned("adopted"), 0, Optional.empty());
    SlotStatus next =
        row.started()
            ? new Running(Watch.begun(child, 0, row.linesDone(), seen.now()))
            : new Starting(child, start, 0, seen.now());
    return Decision.of(next, new Action.Tell(new Notice.Adopted(child)));
  }

  /**
   * Nothing runs. Whoever was stopped on purpose, or by a restart of the host, did nothing wrong; a
   * slot that was given up did, unless a person starts it again.
   */
  private Decision foundDead(RowSeen.Row row, Observation seen) {
    boolean stopped =
        row.status() == WorkerStatus.STOPPED
            || seen.before().filter(state -> state == SlotState.STOPPED).isPresent();
    boolean givenUp = seen.before().filter(state -> state == SlotState.GAVE_UP).isPresent();
    boolean otherBoot =
        row.process().filter(process -> !process.bootId().equals(bootId)).isPresent();
    Cause cause = new Cause.FoundDead();
    if (byHand) {
      cause = new Cause.Planned("started by a person");
    } else if (stopped && !givenUp) {
      cause = new Cause.Planned("start after a stop");
    } else if (otherBoot && !givenUp) {
      cause = new Cause.Planned("start after a restart of the host");
    }
    return condemn(verdict(row.id(), row.process(), cause, 0, seen.now()));
  }

  private Decision start(Starting status, Observation seen) {
    Child child = status.child();
    if (seen.process() instanceof Ended ended) {
      return condemn(died(child, ended, status.start().streak(), seen));
    }
    if (seen.stopping()) {
      return drainOf(child, status.start().streak(), seen);
    }
    if (seen.row() instanceof RowSeen.Row row && row.id().equals(child.id()) && row.started()) {
      Watch watch = Watch.begun(child, status.start().streak(), row.linesDone(), seen.now());
      return Decision.of(new Running(watch), new Action.Tell(ready(status, seen)));
    }
    Duration waited = Duration.ofNanos(seen.now() - status.launchedAt());
    if (waited.compareTo(settings.startDeadline()) >= 0 && judgeable(seen)) {
      Cause cause = new Cause.NeverReady(waited);
      return condemn(impolite(verdict(child, cause, status.start().streak(), seen)));
    }
    return Decision.of(status);
  }

  private static Notice ready(Starting status, Observation seen) {
    long wished =
        status.start().after().map(ending -> ending.verdict().at()).orElse(status.launchedAt());
    return new Notice.Ready(
        status.start(),
        status.child(),
        status.recovery(),
        Duration.ofNanos(status.launchedAt() - wished),
        Duration.ofNanos(seen.now() - wished));
  }

  private Decision watch(SlotStatus status, Watch watch, Observation seen) {
    if (seen.process() instanceof Ended ended) {
      return condemn(died(watch.child(), ended, watch.streak(), seen));
    }
    if (seen.stopping()) {
      return drainOf(watch.child(), watch.streak(), seen);
    }
    return switch (seen.row()) {
      case RowSeen.Blind _, RowSeen.Missing _ -> keep(status, watch.unseen(seen.now()));
      case RowSeen.Row row when isOurs(row, watch) -> judge(status, watch, row, seen);
      case RowSeen.Row row -> judgeSuperseded(status, watch, row, seen);
    };
  }

  private static boolean isOurs(RowSeen.Row row, Watch watch) {
    return row.id().equals(watch.child().id()) && row.status() != WorkerStatus.FENCED;
  }

  private Decision judge(SlotStatus status, Watch before, RowSeen.Row row, Observation seen) {
    Watch watch = before.seen(row, seen.now()).forgiven(FORGIVE_AFTER, seen.now());
    Duration age = row.age().orElse(Duration.ZERO);
    if (age.compareTo(settings.staleAfter()) > 0 && seen.trusted()) {
      return condemn(verdict(watch.child(), new Cause.Silent(age), watch.streak(), seen));
    }
    Duration still = watch.still(seen.now());
    if (still.compareTo(settings.stuckAfter()) >= 0 && seen.trusted()) {
      Cause cause = new Cause.Stuck(still, row.inFlight());
      return condemn(verdict(watch.child(), cause, watch.streak(), seen));
    }
    if (age.compareTo(settings.suspectAfter()) > 0) {
      return suspect(status, watch, "its heartbeat is late", seen);
    }
    return status instanceof Suspect
        ? Decision.of(new Running(watch), new Action.Tell(new Notice.Cleared()))
        : Decision.of(new Running(watch));
  }

  /** It learns of that at its next beat and ends; only if it does not, it is helped. */
  private Decision judgeSuperseded(
      SlotStatus status, Watch watch, RowSeen.Row row, Observation seen) {
    boolean overdue =
        status instanceof Suspect suspect
            && seen.now() - suspect.since() >= settings.staleAfter().toNanos();
    if (overdue && seen.trusted()) {
      return condemn(verdict(watch.child(), new Cause.Superseded(), watch.streak(), seen));
    }
    String reason = "superseded by incarnation " + row.id().incarnation();
    return suspect(status, watch.unseen(seen.now()), reason, seen);
  }

  private static Decision suspect(SlotStatus status, Watch watch, String reason, Observation seen) {
    if (status instanceof Suspect suspect && suspect.reason().equals(reason)) {
      return Decision.of(new Suspect(watch, suspect.since(), reason));
    }
    return Decision.of(
        new Suspect(watch, seen.now(), reason), new Action.Tell(new Notice.Suspected(reason)));
  }

  private static Decision keep(SlotStatus status, Watch watch) {
    return status instanceof Suspect suspect
        ? Decision.of(new Suspect(watch, suspect.since(), suspect.reason()))
        : Decision.of(new Running(watch));
  }

  /** A row that cannot be read says nothing about a worker. */
  private static boolean judgeable(Observation seen) {
    return seen.trusted() && !(seen.row() instanceof RowSeen.Blind);
  }

  private Decision drainOf(Child child, int streak, Observation seen) {
    return Decision.of(
        new Draining(child, streak, seen.now() + settings.drainGrace().toNanos()),
        new Action.Terminate());
  }

  private Decision drain(Draining status, Observation seen) {
    Verdict verdict =
        new Verdict(
            status.child().id(),
            Optional.of(status.child().process()),
            new Cause.Planned("the watchdog stops"),
            false,
            true,
            status.streak(),
            seen.now());
    if (seen.process() instanceof Ended) {
      // It has said itself that it stopped: a fence would only blot that out.
      return sweep(verdict, seen);
    }
    return seen.now() >= status.deadline() ? condemn(verdict) : Decision.of(status);
  }

  private Decision fence(Fencing status, Observation seen) {
    Verdict verdict = status.verdict();
    return switch (seen.answer().orElse(null)) {
      case Answer.Fenced _ -> fenced(verdict, seen);
      // The dead cannot write: with the watchdog leaving, the database need not know in advance.
      case Answer.Failed _ when verdict.forGood() || seen.stopping() -> fenced(verdict, seen);
      case Answer.Failed _ -> Decision.of(new Fencing(verdict, again(seen)));
      case null, default ->
          status.request().due(seen.now()) ? fenceAgain(verdict) : Decision.of(status);
    };
  }

  private Decision fenced(Verdict verdict, Observation seen) {
    if (verdict.polite() && seen.process() instanceof ProcessSeen.Alive) {
      long deadline = seen.now() + settings.killGrace().toNanos();
      return Decision.of(new Killing(verdict, seen.now(), deadline), new Action.Terminate());
    }
    return sweep(verdict, seen);
  }

  private Decision kill(Killing status, Observation seen) {
    boolean ended = !(seen.process() instanceof ProcessSeen.Alive);
    return ended || seen.now() >= status.deadline()
        ? Decision.of(
            new Confirming(status.verdict(), status.fencedAt(), confirmUntil(seen)),
            new Action.Kill())
        : Decision.of(status);
  }

  /** What a dead worker had started may live on: it is killed as well. */
  private static Decision sweep(Verdict verdict, Observation seen) {
    return Decision.of(new Confirming(verdict, seen.now(), confirmUntil(seen)), new Action.Kill());
  }

  private Decision confirm(Confirming status, Observation seen) {
    Verdict verdict = status.verdict();
    if (gone(seen)) {
      return confirmed(verdict, status.fencedAt(), seen);
    }
    if (seen.now() >= status.deadline()) {
      return Decision.of(
          new Unkillable(verdict, status.fencedAt(), seen.now() + KILL_AGAIN.toNanos()),
          new Action.Tell(new Notice.Unkillable(verdict)));
    }
    return Decision.of(status, new Action.Kill());
  }

  private Decision keepKilling(Unkillable status, Observation seen) {
    if (gone(seen)) {
      return confirmed(status.verdict(), status.fencedAt(), seen);
    }
    return seen.now() < status.againAt()
        ? Decision.of(status)
        : Decision.of(
            new Unkillable(status.verdict(), status.fencedAt(), seen.now() + KILL_AGAIN.toNanos()),
            new Action.Kill());
  }

  private static boolean gone(Observation seen) {
    return switch (seen.process()) {
      case ProcessSeen.None _ -> true;
      case ProcessSeen.Alive _ -> false;
      case Ended ended -> ended.treeGone();
    };
  }

  private static Decision confirmed(Verdict verdict, long fencedAt, Observation seen) {
    Optional<Ended> ended =
        seen.process() instanceof Ended present ? Optional.of(present) : Optional.empty();
    Ending ending =
        new Ending(
            verdict,
            ended.flatMap(Ended::status),
            fencedAt,
            ended.map(Ended::at).orElse(fencedAt),
            seen.now(),
            0);
    return Decision.of(
        new Returning(ending, Request.sent()), new Action.ReturnLeases(verdict.id()));
  }

  private Decision returnLeases(Returning status, Observation seen) {
    Ending ending = status.ending();
    return switch (seen.answer().orElse(null)) {
      case Answer.Returned returned -> follow(ending.returned(returned.leases()), seen);
      // They expire by themselves.
      case Answer.Failed _ when ending.verdict().forGood() || seen.stopping() -> stopped();
      case Answer.Failed _ -> Decision.of(new Returning(ending, again(seen)));
      case null, default ->
          status.request().due(seen.now())
              ? Decision.of(
                  new Returning(ending, Request.sent()),
                  new Action.ReturnLeases(ending.verdict().id()))
              : Decision.of(status);
    };
  }

  /** What comes after an end. */
  private Decision follow(Ending ending, Observation seen) {
    Verdict verdict = ending.verdict();
    if (verdict.forGood() || seen.stopping()) {
      return stopped();
    }
    Start start = new Start(verdict.cause(), nextStreak(verdict), Optional.of(ending));
    if (verdict.cause() instanceof Cause.Died died
        && died.status().filter(status -> status.returned(ExitStatus.MISCONFIGURED)).isPresent()) {
      return giveUp("its configuration is wrong (exit 78); see its log", start);
    }
    return begin(start, seen);
  }

  private static int nextStreak(Verdict verdict) {
    return verdict.cause() instanceof Cause.Planned ? 0 : verdict.streak() + 1;
  }

  /** Starts, now or after a pause. */
  private Decision begin(Start start, Observation seen) {
    Duration delay = new Backoff(settings.backoffMax()).before(start.streak(), seen.jitter());
    if (delay.isZero()) {
      return askToStart(start);
    }
    return Decision.of(
        new SlotStatus.Backoff(start, seen.now() + delay.toNanos()),
        new Action.Tell(new Notice.Waiting(start, delay)));
  }

  private static Decision backOff(SlotStatus.Backoff status, Observation seen) {
    if (seen.stopping()) {
      return stopped();
    }
    return seen.now() >= status.until() ? askToStart(status.start()) : Decision.of(status);
  }

  private Decision reserve(Reserving status, Observation seen) {
    return switch (seen.answer().orElse(null)) {
      case Answer.Reserved _, Answer.Refused _, Answer.Failed _ when seen.stopping() -> stopped();
      case Answer.Reserved reserved ->
          Decision.of(
              new Launching(status.start(), reserved.id(), reserved.recovery()),
              new Action.Launch(reserved.id(), reserved.recovery()));
      case Answer.Refused _ -> giveUp(limitReason(), status.start());
      case Answer.Failed _ -> Decision.of(new Reserving(status.start(), again(seen)));
      case null, default -> {
        if (!status.request().due(seen.now())) {
          yield Decision.of(status);
        }
        yield seen.stopping() ? stopped() : askToStart(status.start());
      }
    };
  }

  private String limitReason() {
    return "restart limit exceeded (%d in an hour); manual intervention needed"
        .formatted(settings.respawnsPerHour());
  }

  private Decision launch(Launching status, Observation seen) {
    return switch (seen.answer().orElse(null)) {
      case Answer.Launched launched -> {
        Child child = new Child(status.id(), launched.process());
        yield Decision.of(
            new Starting(child, status.start(), status.recovery(), seen.now()),
            new Action.Tell(new Notice.Launched(status.start(), child)));
      }
      case Answer.NotLaunched failed -> {
        Cause cause = new Cause.NotStarted(failed.reason());
        yield begin(new Start(cause, status.start().streak() + 1, Optional.empty()), seen);
      }
      case null, default -> Decision.of(status);
    };
  }

  private static Decision condemn(Verdict verdict) {
    return Decision.of(
        new Fencing(verdict, Request.sent()),
        new Action.Tell(new Notice.Condemned(verdict)),
        new Action.Fence(verdict.id()));
  }

  private static Decision fenceAgain(Verdict verdict) {
    return Decision.of(new Fencing(verdict, Request.sent()), new Action.Fence(verdict.id()));
  }

  private static Decision askToStart(Start start) {
    return Decision.of(new Reserving(start, Request.sent()), new Action.Reserve(start));
  }

  private static Decision giveUp(String reason, Start start) {
    return Decision.of(new GaveUp(reason), new Action.Tell(new Notice.GaveUp(reason, start)));
  }

  private static Decision stopped() {
    return Decision.of(new Stopped(), new Action.Tell(new Notice.Stopped()));
  }

  private static Request again(Observation seen) {
    return Request.failed(seen.now() + ASK_AGAIN.toNanos());
  }

  private static long confirmUntil(Observation seen) {
    return seen.now() + CONFIRM_DEADLINE.toNanos();
  }

  private static Verdict died(Child child, Ended ended, int streak, Observation seen) {
    Verdict verdict = verdict(child, new Cause.Died(ended.status()), streak, seen);
    return new Verdict(
        verdict.id(), verdict.process(), verdict.cause(), true, false, streak, ended.at());
  }

  private static Verdict verdict(Child child, Cause cause, int streak, Observation seen) {
    return verdict(child.id(), Optional.of(child.process()), cause, streak, seen.now());
  }

  private static Verdict verdict(
      WorkerId id,
      Optional<dev.stoker.health.ProcessIdentity> process,
      Cause cause,
      int streak,
      long now) {
    return new Verdict(id, process, cause, true, false, streak, now);
  }

  /** A worker that has not finished its start is better killed than asked. */
  private static Verdict impolite(Verdict verdict) {
    return new Verdict(
        verdict.id(),
        verdict.process(),
        verdict.cause(),
        false,
        verdict.forGood(),
        verdict.streak(),
        verdict.at());
  }
}

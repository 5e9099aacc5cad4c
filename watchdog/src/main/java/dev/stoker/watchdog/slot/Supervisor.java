package dev.stoker.watchdog.slot;

import dev.stoker.health.SlotState;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerStatus;
import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.slot.ProcessSeen.Ended;
import dev.stoker.watchdog.slot.SlotStatus.Adopting;
import dev.stoker.watchdog.slot.SlotStatus.CheckingGpu;
import dev.stoker.watchdog.slot.SlotStatus.Confirming;
import dev.stoker.watchdog.slot.SlotStatus.Draining;
import dev.stoker.watchdog.slot.SlotStatus.Fencing;
import dev.stoker.watchdog.slot.SlotStatus.Gathering;
import dev.stoker.watchdog.slot.SlotStatus.GaveUp;
import dev.stoker.watchdog.slot.SlotStatus.Killing;
import dev.stoker.watchdog.slot.SlotStatus.Launching;
import dev.stoker.watchdog.slot.SlotStatus.Quarantined;
import dev.stoker.watchdog.slot.SlotStatus.Reconciling;
import dev.stoker.watchdog.slot.SlotStatus.Reserving;
import dev.stoker.watchdog.slot.SlotStatus.Returning;
import dev.stoker.watchdog.slot.SlotStatus.Running;
import dev.stoker.watchdog.slot.SlotStatus.Starting;
import dev.stoker.watchdog.slot.SlotStatus.Stopped;
import dev.stoker.watchdog.slot.SlotStatus.Suspect;
import dev.stoker.watchdog.slot.SlotStatus.Unkillable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
  private static final Duration EXAMINE_LIVING_MAX = Duration.ofSeconds(12);
  private static final Duration EXAMINE_DEAD_MAX = Duration.ofSeconds(1);
  private static final Duration GPU_AGAIN = Duration.ofSeconds(5);
  private static final Duration GPU_RELEASE_DEADLINE = Duration.ofSeconds(60);

  /** Of stale windows: so long a worker may be cut off from a database that is well. */
  private static final int CUT_OFF_WINDOWS = 3;

  /** Of start deadlines: so long a start may take however it progresses. */
  private static final int START_DEADLINES_MAX = 4;

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
      case Gathering now -> gather(now, seen);
      case Fencing now -> fence(now, seen);
      case Killing now -> kill(now, seen);
      case Confirming now -> confirm(now, seen);
      case Unkillable now -> keepKilling(now, seen);
      case Returning now -> returnLeases(now, seen);
      case CheckingGpu now -> checkGpu(now, seen);
      case SlotStatus.Backoff now -> backOff(now, seen);
      case Reserving now -> reserve(now, seen);
      case Launching now -> launch(now, seen);
      case GaveUp now -> waitForPerson(now, seen);
      case Quarantined now -> waitForPerson(now, seen);
      case Stopped now -> Decision.of(now);
    };
  }

  /** Whether nothing more will happen to a slot of a watchdog that stops. */
  public static boolean settled(SlotStatus status) {
    return switch (status) {
      case Stopped _, GaveUp _, Quarantined _, Unkillable _ -> true;
      case Reconciling _, Adopting _, Starting _, Running _, Suspect _, Draining _ -> false;
      case Gathering _, Fencing _, Killing _, Confirming _, Returning _ -> false;
      case CheckingGpu _, SlotStatus.Backoff _, Reserving _, Launching _ -> false;
    };
  }

  private Decision reconcile(Reconciling status, Observation seen) {
    boolean maybeThere = seen.row() instanceof RowSeen.Row row && row.process().isPresent();
    if (seen.stopping() && !maybeThere) {
      return stopped();
    }
    return switch (seen.row()) {
      case RowSeen.Blind _ -> Decision.of(status);
      // Processes of a slot that nothing is known of: of a database that was lost, or exchanged.
      case RowSeen.Missing _ when !gone(seen) -> Decision.of(status, new Action.Kill());
      case RowSeen.Missing _ ->
          prepare(new Start(new Cause.Planned("first start"), 0, Optional.empty()), seen);
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
      case Answer.Failed _ -> Decision.of(new Reconciling());
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
            ? new Running(Watch.begun(child, 0, row, seen.now()))
            : new Starting(child, start, 0, seen.now(), row.engineSteps(), seen.now());
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
    boolean givenUp = seen.before().filter(SlotState::waitsForPerson).isPresent();
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
    return condemn(
        new Verdict(row.id(), row.process(), cause, Verdict.Manner.POLITE, 0, false, seen.now()));
  }

  private Decision start(Starting before, Observation seen) {
    long steps = steps(before.child(), seen, before.engineSteps());
    // What nobody could see is held against nobody.
    Starting status = judgeable(seen) ? before.moved(steps, seen.now()) : before.unseen(seen.now());
    Child child = status.child();
    int streak = status.start().streak();
    if (seen.process() instanceof Ended ended) {
      return condemn(died(child, ended, streak));
    }
    if (seen.stopping()) {
      return drainOf(child, streak, false, seen);
    }
    if (seen.row() instanceof RowSeen.Row row && row.id().equals(child.id()) && row.started()) {
      return Decision.of(
          new Running(Watch.begun(child, streak, row, seen.now())),
          new Action.Tell(ready(status, seen)));
    }
    Duration waited = Duration.ofNanos(seen.now() - status.launchedAt());
    Duration still = Duration.ofNanos(seen.now() - status.movedAt());
    Duration longest = settings.startDeadline().multipliedBy(START_DEADLINES_MAX);
    boolean late = still.compareTo(settings.startDeadline()) >= 0 || waited.compareTo(longest) >= 0;
    return late && judgeable(seen)
        ? condemn(
            Verdict.of(child, new Cause.NeverReady(waited), streak, seen.now())
                .in(Verdict.Manner.AT_ONCE))
        : Decision.of(status);
  }

  /** How far a worker's engine has come, by the fresher of its two words. */
  private static long steps(Child child, Observation seen, long before) {
    long row =
        seen.row() instanceof RowSeen.Row present && present.id().equals(child.id())
            ? present.engineSteps()
            : before;
    return Math.max(row, seen.local().map(LocalSeen::engineSteps).orElse(row));
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
      return condemn(
          died(watch.child(), ended, watch.streak()).fruitless(watch.fruitless(seen.now())));
    }
    if (seen.stopping()) {
      return drainOf(watch.child(), watch.streak(), false, seen);
    }
    if (seen.wish() == SlotWish.RESTART) {
      return granted(drainOf(watch.child(), watch.streak(), true, seen), seen.wish());
    }
    if (seen.wish() != SlotWish.NONE) {
      return granted(Decision.of(status), seen.wish());
    }
    return switch (seen.row()) {
      case RowSeen.Blind _, RowSeen.Missing _ -> judgeLocally(status, watch, seen);
      case RowSeen.Row row when isOurs(row, watch) -> judge(status, watch, row, seen);
      case RowSeen.Row row -> judgeSuperseded(status, watch, row, seen);
    };
  }

  /** Without the database only one thing is proof: that a worker which showed life shows none. */
  private Decision judgeLocally(SlotStatus status, Watch watch, Observation seen) {
    Duration still = seen.local().map(LocalSeen::still).orElse(Duration.ZERO);
    return still.compareTo(settings.staleAfter()) > 0
        ? condemn(
            Verdict.of(watch.child(), new Cause.SilentLocally(still), watch.streak(), seen.now()))
        : keep(status, watch.unseen(seen.now()));
  }

  private static boolean isOurs(RowSeen.Row row, Watch watch) {
    return row.id().equals(watch.child().id()) && row.status() != WorkerStatus.FENCED;
  }

  private Decision judge(SlotStatus status, Watch before, RowSeen.Row row, Observation seen) {
    long steps = steps(before.child(), seen, row.engineSteps());
    Watch watch = before.seen(row, steps, seen.now()).forgiven(FORGIVE_AFTER, seen.now());
    Optional<Cause> fatal = trusts(seen) ? fatal(watch, row, seen) : Optional.empty();
    if (fatal.isPresent()) {
      return condemn(
          Verdict.of(watch.child(), fatal.get(), watch.streak(), seen.now())
              .fruitless(watch.fruitless(seen.now())));
    }
    Optional<String> odd = odd(row, seen);
    if (odd.isPresent()) {
      return suspect(status, watch, odd.get(), seen);
    }
    return status instanceof Suspect
        ? Decision.of(new Running(watch), new Action.Tell(new Notice.Cleared()))
        : Decision.of(new Running(watch));
  }

  /** What proves that a worker is beyond help, its ages being trusted. */
  private Optional<Cause> fatal(Watch watch, RowSeen.Row row, Observation seen) {
    Duration age = row.age().orElse(Duration.ZERO);
    if (age.compareTo(settings.staleAfter()) > 0) {
      if (!showsLife(seen)) {
        return Optional.of(new Cause.Silent(age));
      }
      Duration patience = settings.staleAfter().multipliedBy(CUT_OFF_WINDOWS);
      boolean late = age.compareTo(patience) > 0 && seen.contact().compareTo(patience) >= 0;
      return late ? Optional.of(new Cause.CutOff(age)) : Optional.empty();
    }
    Duration still = watch.still(seen.now());
    return still.compareTo(settings.stuckAfter()) >= 0
        ? Optional.of(new Cause.Stuck(still, row.inFlight()))
        : Optional.empty();
  }

  private Optional<String> odd(RowSeen.Row row, Observation seen) {
    Duration age = row.age().orElse(Duration.ZERO);
    if (age.compareTo(settings.suspectAfter()) > 0) {
      return Optional.of(
          showsLife(seen) ? "it lives, and cannot reach the database" : "its heartbeat is late");
    }
    return seen.local()
            .filter(local -> local.still().compareTo(settings.staleAfter()) > 0)
            .isPresent()
        ? Optional.of("its local heartbeat stands still, though it reaches the database")
        : Optional.empty();
  }

  private boolean showsLife(Observation seen) {
    return seen.local()
        .filter(local -> local.still().compareTo(settings.staleAfter()) <= 0)
        .isPresent();
  }

  /** It learns of that at its next beat and ends; only if it does not, it is helped. */
  private Decision judgeSuperseded(
      SlotStatus status, Watch watch, RowSeen.Row row, Observation seen) {
    boolean overdue =
        status instanceof Suspect suspect
            && seen.now() - suspect.since() >= settings.staleAfter().toNanos();
    if (overdue && trusts(seen)) {
      return condemn(Verdict.of(watch.child(), new Cause.Superseded(), watch.streak(), seen.now()));
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

  /** Whether a stale heartbeat proves anything. */
  private boolean trusts(Observation seen) {
    return seen.contact().compareTo(settings.staleAfter()) >= 0;
  }

  /** A row that cannot be read says nothing about a worker. */
  private boolean judgeable(Observation seen) {
    return trusts(seen) && !(seen.row() instanceof RowSeen.Blind);
  }

  private Decision drainOf(Child child, int streak, boolean again, Observation seen) {
    return Decision.of(
        new Draining(child, streak, seen.now() + settings.drainGrace().toNanos(), again),
        new Action.Terminate());
  }

  private Decision drain(Draining status, Observation seen) {
    boolean again = status.again() && !seen.stopping();
    Cause cause = new Cause.Planned(again ? "restarted by a person" : "the watchdog stops");
    Verdict verdict =
        Verdict.of(status.child(), cause, status.streak(), seen.now())
            .in(again ? Verdict.Manner.AT_ONCE : Verdict.Manner.FOR_GOOD);
    if (seen.process() instanceof Ended) {
      // It has said itself that it stopped: a fence would only blot that out.
      return sweep(verdict, seen);
    }
    return seen.now() >= status.deadline() ? condemn(verdict) : Decision.of(status);
  }

  private static Decision gather(Gathering status, Observation seen) {
    boolean enough =
        seen.answer().filter(Answer.Gathered.class::isInstance).isPresent()
            || seen.stopping()
            || seen.now() >= status.deadline();
    return enough ? fenceNow(status.verdict()) : Decision.of(status);
  }

  private Decision fence(Fencing status, Observation seen) {
    Verdict verdict = status.verdict();
    return switch (seen.answer().orElse(null)) {
      case Answer.Fenced _ -> fenced(verdict, seen);
      // The dead cannot write: with the watchdog leaving, the database need not know in advance.
      case Answer.Failed _ when verdict.forGood() || seen.stopping() -> fenced(verdict, seen);
      // Nor can anybody while the database is away; a successor waits for it anyway.
      case Answer.Failed _ when verdict.cause() instanceof Cause.SilentLocally ->
          fenced(verdict, seen);
      case Answer.Failed _ -> Decision.of(new Fencing(verdict, again(seen)));
      case null, default ->
          status.request().due(seen.now()) ? fenceNow(verdict) : Decision.of(status);
    };
  }

  private Decision fenced(Verdict verdict, Observation seen) {
    boolean polite = verdict.manner() == Verdict.Manner.POLITE;
    if (polite && seen.process() instanceof ProcessSeen.Alive) {
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
            0,
            false,
            false);
    return Decision.of(new Returning(ending, Request.sent()), new Action.ReturnLeases(verdict));
  }

  private Decision returnLeases(Returning status, Observation seen) {
    Ending ending = status.ending();
    return switch (seen.answer().orElse(null)) {
      case Answer.Returned returned -> follow(ending.returned(returned), seen);
      // They expire by themselves.
      case Answer.Failed _ when ending.verdict().forGood() || seen.stopping() -> stopped();
      case Answer.Failed _ -> Decision.of(new Returning(ending, again(seen)));
      case null, default ->
          status.request().due(seen.now())
              ? Decision.of(
                  new Returning(ending, Request.sent()), new Action.ReturnLeases(ending.verdict()))
              : Decision.of(status);
    };
  }

  /** What comes after an end. */
  private Decision follow(Ending ending, Observation seen) {
    Verdict verdict = ending.verdict();
    if (verdict.forGood() || seen.stopping()) {
      return stopped();
    }
    Start start = new Start(verdict.cause(), nextStreak(ending), Optional.of(ending));
    if (verdict.cause() instanceof Cause.FoundDead && waitedForPerson(verdict, seen)) {
      return giveUp("given up before this watchdog started", start);
    }
    if (verdict.cause() instanceof Cause.Died died
        && died.status().filter(status -> status.returned(ExitStatus.MISCONFIGURED)).isPresent()) {
      return giveUp("its configuration is wrong (exit 78); see its log", start);
    }
    return prepare(start, seen);
  }

  /** A broken GPU may be mended by a restart of the host; what is given up is not. */
  private boolean waitedForPerson(Verdict verdict, Observation seen) {
    boolean otherBoot =
        verdict.process().filter(process -> !process.bootId().equals(bootId)).isPresent();
    return seen.before()
        .filter(state -> state == SlotState.GAVE_UP || (state.waitsForPerson() && !otherBoot))
        .isPresent();
  }

  /** Whatever closes in on a poison line makes progress: it need not wait longer each time. */
  private static int nextStreak(Ending ending) {
    Verdict verdict = ending.verdict();
    if (verdict.cause() instanceof Cause.Planned) {
      return 0;
    }
    return ending.poison() ? Math.max(1, verdict.streak()) : verdict.streak() + 1;
  }

  /** Nobody is started on a GPU that cannot take him. */
  private static Decision prepare(Start start, Observation seen) {
    return Decision.of(
        new CheckingGpu(start, Request.sent(), seen.now(), "", false), new Action.CheckGpu());
  }

  private Decision checkGpu(CheckingGpu status, Observation seen) {
    if (seen.stopping()) {
      return stopped();
    }
    return switch (seen.answer().orElse(null)) {
      case Answer.GpuFree _ -> begin(status.start(), seen);
      case Answer.GpuBroken broken ->
          Decision.of(
              new Quarantined(broken.reason()),
              new Action.Tell(new Notice.Quarantined(broken.reason())));
      case Answer.GpuBusy busy -> waitForGpu(status, busy.holders(), seen);
      case Answer.Failed _ -> Decision.of(status.asked(again(seen)));
      case null, default ->
          status.request().due(seen.now())
              ? Decision.of(status.asked(Request.sent()), new Action.CheckGpu())
              : Decision.of(status);
    };
  }

  private static Decision waitForGpu(CheckingGpu status, String holders, Observation seen) {
    boolean overdue = seen.now() - status.since() >= GPU_RELEASE_DEADLINE.toNanos();
    CheckingGpu next =
        new CheckingGpu(
            status.start(),
            Request.failed(seen.now() + GPU_AGAIN.toNanos()),
            status.since(),
            holders,
            status.told() || overdue);
    return overdue && !status.told()
        ? Decision.of(next, new Action.Tell(new Notice.GpuBusy(holders)))
        : Decision.of(next);
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
    if (seen.wish() != SlotWish.NONE) {
      return granted(askToStart(status.start()), seen.wish());
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
      case Answer.Refused refused -> giveUp(limitReason(refused), status.start());
      case Answer.Failed _ -> Decision.of(new Reserving(status.start(), again(seen)));
      case null, default -> {
        if (!status.request().due(seen.now())) {
          yield Decision.of(status);
        }
        yield seen.stopping() ? stopped() : askToStart(status.start());
      }
    };
  }

  private static String limitReason(Answer.Refused refused) {
    return "restart limit exceeded (%s); manual intervention needed".formatted(refused.limit());
  }

  private static Decision waitForPerson(SlotStatus status, Observation seen) {
    if (seen.stopping() || seen.wish() == SlotWish.NONE) {
      return Decision.of(status);
    }
    Start start = new Start(new Cause.Planned("resumed by a person"), 0, Optional.empty());
    return granted(prepare(start, seen), seen.wish());
  }

  private static Decision granted(Decision decision, SlotWish wish) {
    List<Action> actions = new ArrayList<>();
    actions.add(new Action.Grant(wish)); // first: whatever follows happens after a person looked
    actions.addAll(decision.actions());
    return new Decision(decision.next(), List.copyOf(actions));
  }

  private Decision launch(Launching status, Observation seen) {
    return switch (seen.answer().orElse(null)) {
      case Answer.Launched launched -> {
        Child child = new Child(status.id(), launched.process());
        yield Decision.of(
            new Starting(child, status.start(), status.recovery(), seen.now(), 0, seen.now()),
            new Action.Tell(new Notice.Launched(status.start(), child)));
      }
      case Answer.NotLaunched failed -> {
        Cause cause = new Cause.NotStarted(failed.reason());
        yield begin(new Start(cause, status.start().streak() + 1, Optional.empty()), seen);
      }
      case null, default -> Decision.of(status);
    };
  }

  /** A worker is looked into before it is ended, and before its successor writes over its log. */
  private static Decision condemn(Verdict verdict) {
    Action told = new Action.Tell(new Notice.Condemned(verdict));
    if (verdict.cause() instanceof Cause.Planned) {
      return Decision.of(
          new Fencing(verdict, Request.sent()), told, new Action.Fence(verdict.id()));
    }
    Duration most = isDead(verdict.cause()) ? EXAMINE_DEAD_MAX : EXAMINE_LIVING_MAX;
    return Decision.of(
        new Gathering(verdict, verdict.at() + most.toNanos()), told, new Action.Gather(verdict));
  }

  private static boolean isDead(Cause cause) {
    return switch (cause) {
      case Cause.Died _, Cause.FoundDead _, Cause.NotStarted _ -> true;
      case Cause.Silent _, Cause.SilentLocally _, Cause.CutOff _, Cause.Stuck _ -> false;
      case Cause.NeverReady _, Cause.Superseded _, Cause.Planned _ -> false;
    };
  }

  private static Decision fenceNow(Verdict verdict) {
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

  private static Verdict died(Child child, Ended ended, int streak) {
    return Verdict.of(child, new Cause.Died(ended.status()), streak, ended.at());
  }
}

package dev.stoker.watchdog;

import dev.stoker.database.Database;
import dev.stoker.health.LocalBeat;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.SlotState;
import dev.stoker.health.SlotView;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.health.WorkerView;
import dev.stoker.queue.InFlightFile;
import dev.stoker.queue.LeaseReturn;
import dev.stoker.watchdog.evidence.Evidence;
import dev.stoker.watchdog.evidence.EvidenceThread;
import dev.stoker.watchdog.evidence.Subject;
import dev.stoker.watchdog.gpu.GpuJudgement;
import dev.stoker.watchdog.observe.DatabaseContact;
import dev.stoker.watchdog.observe.DatabaseThread;
import dev.stoker.watchdog.observe.LocalContact;
import dev.stoker.watchdog.observe.Look;
import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.process.Launcher;
import dev.stoker.watchdog.process.OutOfMemory;
import dev.stoker.watchdog.recovery.Recoveries;
import dev.stoker.watchdog.recovery.RecoveryDraft;
import dev.stoker.watchdog.recovery.Reservation;
import dev.stoker.watchdog.recovery.RestartBudget;
import dev.stoker.watchdog.slot.Action;
import dev.stoker.watchdog.slot.Answer;
import dev.stoker.watchdog.slot.Blame;
import dev.stoker.watchdog.slot.Decision;
import dev.stoker.watchdog.slot.Ending;
import dev.stoker.watchdog.slot.LocalSeen;
import dev.stoker.watchdog.slot.Notice;
import dev.stoker.watchdog.slot.Observation;
import dev.stoker.watchdog.slot.ProcessSeen;
import dev.stoker.watchdog.slot.RowSeen;
import dev.stoker.watchdog.slot.SlotStatus;
import dev.stoker.watchdog.slot.Start;
import dev.stoker.watchdog.slot.Supervisor;
import dev.stoker.watchdog.slot.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One slot's hands and eyes: gathers what the {@link Supervisor} decides upon, and carries out what
 * it decides. Used by the supervision's thread alone; whatever waits for the database is answered
 * there later.
 */
final class SlotKeeper {

  /**
   * What all slots of a host share.
   *
   * @param supervision runs something on the thread that uses the slots
   * @param broken ends this watchdog, which cannot start anything any more; the next one can
   */
  record Host(
      String name,
      Supervisor supervisor,
      Launcher launcher,
      DatabaseThread database,
      LongSupplier ticker,
      RandomGenerator random,
      Executor supervision,
      EvidenceThread evidence,
      Consumer<String> broken) {}

  private static final Logger log = LoggerFactory.getLogger(SlotKeeper.class);

  private static final Evidence NO_EVIDENCE = new Evidence("", Optional.empty(), Optional.empty());
  private static final int STEPS_MAX = 32;
  private static final Duration DESCRIBE_EVERY = Duration.ofSeconds(10);
  private static final Duration HEALTHY_EVERY = Duration.ofSeconds(30);

  /** What others were last told. */
  private record Described(SlotState state, String reason, long at) {}

  private final int number;
  private final String worker;
  private final Host host;
  private final Journal journal;
  private final Queue<Answer> answers = new ArrayDeque<>();

  private SlotStatus status;
  private final SlotProcess process;
  private final SlotGpu gpu;
  private Optional<Look> look = Optional.empty();
  private Optional<SlotState> before = Optional.empty();
  private Optional<Described> described = Optional.empty();
  private boolean describing;
  private Evidence evidence = NO_EVIDENCE;
  private Optional<Verdict> condemned = Optional.empty();
  private Optional<Long> toldHealthyAt = Optional.empty();
  private LocalContact local = LocalContact.of(0);
  private boolean wishVoid;
  private Optional<Long> grantedAt = Optional.empty();

  SlotKeeper(int number, Host host, SlotGpu gpu, Journal journal) {
    this.gpu = gpu;
    this.number = number;
    this.worker = nameOf(host.name(), number);
    this.host = host;
    this.journal = journal;
    this.status = host.supervisor().first();
    this.process =
        new SlotProcess(
            number, host.launcher(), host.ticker(), () -> host.supervision().execute(() -> {}));
  }

  static String nameOf(String host, int number) {
    return host + "/" + number;
  }

  String worker() {
    return worker;
  }

  /** Takes in what was read from the database. */
  void see(Look newest) {
    if (look.isEmpty()) {
      before =
          newest.slots().stream()
              .filter(slot -> slot.worker().equals(worker))
              .map(SlotView::state)
              .findFirst();
      process.findLeftovers();
    }
    look = Optional.of(newest);
    if (grantedAt.filter(at -> newest.askedAt() - at >= 0).isPresent()) {
      grantedAt = Optional.empty();
      wishVoid = false;
    }
  }

  /** This process stood still: what it did not watch proves nothing. */
  void paused() {
    local = local.paused(host.ticker().getAsLong());
  }

  /** Decides and acts until there is nothing left to do now. */
  void step(DatabaseContact contact, boolean stopping) {
    SlotStatus previous;
    int steps = 0;
    do {
      previous = status;
      Decision decision = host.supervisor().next(status, observe(contact, stopping));
      status = decision.next();
      decision.actions().forEach(this::carryOutSafely);
      steps++;
    } while (steps < STEPS_MAX && (!answers.isEmpty() || previous.getClass() != status.getClass()));
    sayHealthy(contact);
    describe(contact);
  }

  /** Whether something may happen any moment: a worker is about to be ready, or to be gone. */
  boolean isInTransit() {
    return status instanceof SlotStatus.Starting
        || status instanceof SlotStatus.Killing
        || status instanceof SlotStatus.Confirming;
  }

  /** What others are shown of it. */
  SlotState state() {
    return status.state();
  }

  /** Whether nothing is expected to happen. */
  boolean isCalm() {
    return status instanceof SlotStatus.Running;
  }

  /** Whether a watchdog that stops may leave this slot. */
  boolean isSettled(DatabaseContact contact) {
    return Supervisor.settled(status)
        && (isDescribed() || !contact.recent(host.ticker().getAsLong()));
  }

  private Observation observe(DatabaseContact contact, boolean stopping) {
    long now = host.ticker().getAsLong();
    return new Observation(
        now,
        processSeen(),
        rowSeen(contact, now),
        contact.unbroken(now),
        before,
        localSeen(now),
        wish(),
        Optional.ofNullable(answers.poll()),
        stopping,
        host.random().nextDouble());
  }

  private ProcessSeen processSeen() {
    return process.seen(
        status instanceof SlotStatus.Confirming || status instanceof SlotStatus.Unkillable);
  }

  /** What the worker shows without the database. */
  private Optional<LocalSeen> localSeen(long now) {
    return SlotStatus.childOf(status)
        .flatMap(
            child -> {
              long incarnation = child.id().incarnation();
              if (local.incarnation() != incarnation) {
                local = LocalContact.of(incarnation);
              }
              local = local.seen(LocalBeat.read(host.launcher().beatFile(number)), now);
              return local.at(now);
            });
  }

  private RowSeen rowSeen(DatabaseContact contact, long now) {
    if (look.isEmpty() || !contact.recent(now)) {
      return new RowSeen.Blind();
    }
    Duration sinceLook = Duration.ofNanos(now - look.get().answeredAt());
    return look.get().workers().stream()
        .filter(view -> view.id().worker().equals(worker))
        .findFirst()
        .<RowSeen>map(view -> row(view, sinceLook))
        .orElseGet(RowSeen.Missing::new);
  }

  private static RowSeen.Row row(WorkerView view, Duration sinceLook) {
    return new RowSeen.Row(
        view.id(),
        view.process(),
        view.status(),
        view.sinceSeen().map(sinceLook::plus),
        view.inFlight(),
        view.linesDone(),
        view.engineSteps());
  }

  /** What a person asks for; until the database has taken it back it is not done twice. */
  private SlotWish wish() {
    return wishVoid ? SlotWish.NONE : look.map(this::wishIn).orElse(SlotWish.NONE);
  }

  private SlotWish wishIn(Look seen) {
    return seen.slots().stream()
        .filter(slot -> slot.worker().equals(worker))
        .map(SlotView::wish)
        .findFirst()
        .orElse(SlotWish.NONE);
  }

  /** Whoever waits for an answer gets one, whatever is broken. */
  private void carryOutSafely(Action action) {
    try {
      carryOut(action);
    } catch (RuntimeException | Error e) {
      log.error("Worker {}: {} failed", worker, action, e);
      answers.add(
          action instanceof Action.Launch
              ? new Answer.NotLaunched(e.toString())
              : new Answer.Failed());
    }
  }

  private void carryOut(Action action) {
    switch (action) {
      case Action.Adopt adopt -> adopt(adopt.process());
      case Action.Fence fence ->
          ask(
              database -> new WorkerHeartbeatTable(database.jdbc()).fence(fence.id()),
              _ -> new Answer.Fenced());
      case Action.Gather gather -> examine(gather.verdict());
      case Action.CheckGpu _ -> checkGpu();
      case Action.Grant grant -> grant(grant.wish());
      case Action.Terminate _ -> process.terminate();
      case Action.Kill _ -> process.kill();
      case Action.ReturnLeases leases -> returnLeases(leases.verdict());
      case Action.Reserve reserve -> reserve(reserve.start());
      case Action.Launch launch -> launch(launch);
      case Action.Tell tell -> tell(tell.notice());
    }
  }

  private void adopt(ProcessIdentity identity) {
    answers.add(process.adopt(identity) ? new Answer.Adopted() : new Answer.NotThere());
  }

  private void returnLeases(Verdict verdict) {
    Optional<InFlightFile.Reading> inFlight =
        InFlightFile.read(host.launcher().inFlightFile(number));
    boolean blamed =
        Blame.of(
            verdict.cause(),
            process.memory().map(OutOfMemory::since),
            inFlight
                .filter(reading -> reading.incarnation() == verdict.id().incarnation())
                .map(InFlightFile.Reading::answered));
    ask(
        database -> new LeaseReturn(database).afterDeath(verdict.id(), inFlight, blamed),
        returned ->
            new Answer.Returned(returned.leases(), returned.poison(), returned.convicted()));
  }

  private void reserve(Start start) {
    RecoveryDraft draft = draft(start);
    RestartBudget budget = new RestartBudget(host.supervisor().settings().respawnsPerHour());
    ask(
        database -> new Recoveries(database).reserve(host.name(), draft, budget),
        reservation ->
            switch (reservation) {
              case Reservation.Granted right -> new Answer.Reserved(right.id(), right.recovery());
              case Reservation.Refused refused -> new Answer.Refused(refused.limit());
            });
  }

  private RecoveryDraft draft(Start start) {
    Optional<Ending> after = start.after();
    long now = host.ticker().getAsLong();
    return new RecoveryDraft(
        worker,
        !start.cause().counts(),
        start.poison(),
        start.convicted(),
        after.filter(ending -> ending.verdict().fruitless()).isPresent(),
        start.cause().text(),
        evidence.text(),
        evidence.incident().map(Path::toString),
        after.flatMap(Ending::exit).map(ExitStatus::value),
        after.flatMap(ending -> ending.verdict().process()).map(ProcessIdentity::pid),
        after.map(Ending::leasesReturned).orElse(0),
        after.map(ending -> Duration.ofNanos(now - ending.verdict().at())).orElse(Duration.ZERO),
        after.map(Ending::toFence),
        after.map(Ending::toKill),
        after.map(Ending::toConfirm));
  }

  private void checkGpu() {
    gpu.check(worker, process.pids(), judgement -> answers.add(answer(judgement)));
  }

  private Answer answer(GpuJudgement judgement) {
    return switch (judgement) {
      case GpuJudgement.Healthy _ -> new Answer.GpuFree();
      case GpuJudgement.RestartAllowed odd -> {
        journal.degraded(odd.gpu(), odd.warning());
        yield new Answer.GpuFree();
      }
      case GpuJudgement.Quarantine broken -> new Answer.GpuBroken(broken.reason());
      case GpuJudgement.Busy busy -> new Answer.GpuBusy(busy.reason());
    };
  }

  private void grant(SlotWish granted) {
    wishVoid = true;
    gpu.forgive();
    journal.tell(new Notice.Granted(granted), NO_EVIDENCE);
    host.database()
        .ask(
            database -> {
              new WorkerSlotTable(database.jdbc()).granted(worker, granted);
              return host.ticker().getAsLong();
            },
            at -> grantedAt = Optional.of(at),
            // It is seen again then, and granted again.
            failure -> {
              wishVoid = false;
              log.warn("Worker {}: a wish is not taken back: {}", worker, failure.toString());
            });
  }

  private void launch(Action.Launch launch) {
    try {
      ProcessIdentity identity = process.launch(launch.id()).identity();
      answers.add(new Answer.Launched(identity));
      note(recoveries -> recoveries.launched(launch.recovery(), launch.id(), identity));
    } catch (IOException e) {
      log.error("Worker {} cannot be started", worker, e);
      if (host.launcher().jdkReplaced()) {
        host.broken().accept("the JDK that it runs on was replaced");
      }
      answers.add(new Answer.NotLaunched(e.getMessage()));
    }
  }

  private void tell(Notice notice) {
    switch (notice) {
      case Notice.Condemned told -> {
        condemned = Optional.of(told.verdict());
        evidence = NO_EVIDENCE;
      }
      case Notice.Ready ready -> {
        process.remember();
        note(recoveries -> recoveries.ready(ready.recovery()));
      }
      case Notice.Stopped _ -> {
        if (process.watched().isPresent()) { // else nobody knows whether one lives
          host.launcher().tidy(number);
        }
      }
      case Notice.Adopted _ -> gpu.forgive();
      case Notice.Suspected _, Notice.Cleared _, Notice.Launched _ -> {}
      case Notice.Waiting _, Notice.GaveUp _, Notice.Unkillable _ -> {}
      case Notice.GpuBusy _, Notice.Quarantined _, Notice.Granted _ -> {}
    }
    journal.tell(notice, evidence);
  }

  private void examine(Verdict verdict) {
    host.evidence()
        .examine(
            subject(verdict), found -> host.supervision().execute(() -> examined(verdict, found)));
  }

  /** What comes too late is about somebody else. */
  private void examined(Verdict verdict, Evidence found) {
    if (condemned.filter(verdict::equals).isPresent()) {
      evidence = found;
      journal.found(found);
      answers.add(new Answer.Gathered());
    }
  }

  private Subject subject(Verdict verdict) {
    return new Subject(
        number,
        verdict.id().incarnation(),
        verdict.cause().text() + rowText(),
        process.watched(),
        process.memory(),
        host.launcher().console(number),
        host.launcher().log(number),
        host.launcher().home());
  }

  private String rowText() {
    return look.flatMap(this::viewOf)
        .map(
            view ->
                "\nstatus %s, heartbeat %s, %d in flight, %d lines done"
                    .formatted(
                        view.status().wireName(),
                        view.sinceSeen().map(age -> age.toMillis() + " ms old").orElse("never"),
                        view.inFlight(),
                        view.linesDone()))
        .orElse("");
  }

  private Optional<WorkerView> viewOf(Look seen) {
    return seen.workers().stream().filter(view -> view.id().worker().equals(worker)).findFirst();
  }

  private <T> void ask(Function<Database, T> question, Function<T, Answer> answer) {
    host.database()
        .ask(
            question,
            result -> answers.add(answer.apply(result)),
            failure -> {
              log.warn(
                  "Worker {}: the database failed and is asked again: {}",
                  worker,
                  failure.toString());
              answers.add(new Answer.Failed());
            });
  }

  /** Writes down what nothing waits for. */
  private void note(Consumer<Recoveries> writing) {
    host.database()
        .ask(
            database -> {
              writing.accept(new Recoveries(database));
              return true;
            },
            _ -> {},
            failure -> log.warn("Worker {}: a note is lost: {}", worker, failure.toString()));
  }

  private void sayHealthy(DatabaseContact contact) {
    long now = host.ticker().getAsLong();
    boolean due = toldHealthyAt.isEmpty() || now - toldHealthyAt.get() >= HEALTHY_EVERY.toNanos();
    if (due
        && status instanceof SlotStatus.Running
        && rowSeen(contact, now) instanceof RowSeen.Row row
        && row.age().isPresent()) {
      toldHealthyAt = Optional.of(now);
      process.remember();
      journal.healthy(row.age().get());
    }
  }

  private boolean isDescribed() {
    return described
        .filter(said -> said.state() == status.state() && said.reason().equals(status.reason()))
        .isPresent();
  }

  private void describe(DatabaseContact contact) {
    long now = host.ticker().getAsLong();
    boolean due = !isDescribed() || now - described.get().at() >= DESCRIBE_EVERY.toNanos();
    if (!due || describing || !contact.recent(now)) {
      return;
    }
    describing = true;
    Described saying = new Described(status.state(), status.reason(), now);
    long pid = ProcessHandle.current().pid();
    host.database()
        .ask(
            database -> {
              new WorkerSlotTable(database.jdbc())
                  .describe(worker, host.name(), saying.state(), saying.reason(), pid);
              return saying;
            },
            said -> {
              describing = false;
              described = Optional.of(said);
            },
            failure -> {
              describing = false;
              log.debug("Worker {} is not described: {}", worker, failure.toString());
            });
  }
}

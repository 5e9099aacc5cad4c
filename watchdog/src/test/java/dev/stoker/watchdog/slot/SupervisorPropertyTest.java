package dev.stoker.watchdog.slot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.SlotState;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A slot in a world where anything happens at any time; what must never happen is checked at every
 * action. A failing seed repeats itself.
 */
class SupervisorPropertyTest {

  private static final int STEPS = 3000;
  private static final List<SlotWish> WISHES = List.of(SlotWish.values());
  private static final long HOUR = Duration.ofHours(1).toNanos();

  static List<Long> seeds() {
    return new Random(20261122).longs(200).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @DisplayName(
      "I1 I3 I4 I5 I7 I9: one incarnation at a time, fence, kill, confirm, return, check, start")
  void whatever_happens_the_order_holds(long seed) {
    Chaos chaos = new Chaos(seed);
    for (int i = 0; i < STEPS; i++) {
      chaos.somethingHappens();
      chaos.decide();
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void once_all_is_well_a_slot_runs_or_has_been_given_up(long seed) {
    Chaos chaos = new Chaos(seed);
    for (int i = 0; i < STEPS / 10; i++) {
      chaos.somethingHappens();
      chaos.decide();
    }
    chaos.heal();
    for (int i = 0; i < 2000; i++) {
      chaos.allGoesWell();
      chaos.decide();
    }
    assertThat(chaos.world.status.state())
        .isIn(SlotState.RUNNING, SlotState.GAVE_UP, SlotState.QUARANTINED, SlotState.STOPPED);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void a_stop_ends_within_its_bounds(long seed) {
    Chaos chaos = new Chaos(seed);
    for (int i = 0; i < STEPS / 10; i++) {
      chaos.somethingHappens();
      chaos.decide();
    }
    chaos.world.stopping = true;
    boolean database = chaos.random.nextBoolean();
    chaos.database = database;
    chaos.treeHangs = false;
    long deadline = chaos.world.now + Duration.ofMinutes(2).toNanos();
    while (chaos.world.now < deadline) {
      chaos.world.after(Duration.ofMillis(500));
      chaos.obey();
      chaos.reply();
      chaos.decide();
    }
    assertThat(chaos.alive).isFalse();
    if (database) {
      assertThat(Supervisor.settled(chaos.world.status)).isTrue();
    }
  }

  private record Step(SlotState before, SlotState after, List<Action> actions) {}

  /** The truth, of which the supervisor sees a part. */
  private static final class Chaos {
    final Random random;
    final World world = new World();
    final Deque<Answer> answers = new ArrayDeque<>();
    final Deque<Long> unplanned = new ArrayDeque<>();
    final List<Step> history = new ArrayList<>();

    boolean database = true;
    boolean treeHangs;
    boolean alive;
    boolean everAlive;
    long incarnation;
    long beatAt;
    long databaseSince;
    long lines;
    boolean beats = true;
    boolean askedToEnd;
    boolean killed;
    Optional<ExitStatus> exit = Optional.empty();
    Optional<Action> pending = Optional.empty();

    long fencedIncarnation = -1;
    long returnedIncarnation = -1;
    boolean diedBadly;

    boolean gpuBusy;
    boolean gpuBroken;
    boolean gpuWasFree;
    boolean silentLocally;
    Optional<Verdict> condemned = Optional.empty();
    boolean lookedAt;
    boolean adopted = true;

    Chaos(long seed) {
      random = new Random(seed);
      world.helpful = false;
    }

    void somethingHappens() {
      switch (random.nextInt(18)) {
        case 0 -> setDatabase(random.nextInt(4) != 0);
        case 1 -> die(new ExitStatus(random.nextInt(4), 0, false));
        case 2 -> die(new ExitStatus(0, 9, false));
        case 3 -> die(new ExitStatus(random.nextInt(10) == 0 ? 78 : 75, 0, false));
        case 4 -> beats = random.nextInt(3) != 0;
        case 5 -> treeHangs = alive && random.nextInt(5) == 0; // the gone do not come back
        case 6 -> world.after(Duration.ofSeconds(random.nextInt(1000)));
        case 7 -> world.after(Duration.ofMinutes(random.nextInt(20)));
        case 8 -> lines++;
        case 9 -> gpuBusy = random.nextInt(3) == 0;
        case 10 -> gpuBroken = random.nextInt(20) == 0;
        case 11 -> world.wish = WISHES.get(random.nextInt(WISHES.size()));
        case 12 -> silentLocally = random.nextInt(4) == 0;
        case 13 -> {
          if (random.nextInt(4) == 0) {
            newWatchdog();
          }
        }
        default -> world.after(Duration.ofMillis(random.nextInt(5000)));
      }
      if (random.nextInt(3) != 0) {
        obey();
      }
      if (random.nextInt(3) != 0) {
        reply();
      }
    }

    /** The old one is gone with all that it knew; what is in the database stays. */
    private void newWatchdog() {
      world.before = Optional.of(world.status.state());
      world.status = world.supervisor.first();
      world.process = new ProcessSeen.None();
      adopted = false;
      answers.clear();
      pending = Optional.empty();
      condemned = Optional.empty();
      killed = false;
      askedToEnd = false;
    }

    void heal() {
      gpuBusy = false;
      gpuBroken = false;
      silentLocally = false;
      setDatabase(true);
      treeHangs = false;
      beats = true;
    }

    void allGoesWell() {
      world.after(Duration.ofSeconds(1));
      obey();
      reply();
    }

    private void setDatabase(boolean up) {
      if (up && !database) {
        databaseSince = world.now;
      }
      database = up;
    }

    private void die(ExitStatus how) {
      if (alive) {
        alive = false;
        exit = Optional.of(how);
        diedBadly = !how.returned(75) && !world.stopping;
      }
    }

    /** Processes do as they are told, sooner or later. */
    void obey() {
      if (killed) {
        die(new ExitStatus(0, 9, false));
      } else if (askedToEnd && random.nextBoolean()) {
        die(new ExitStatus(random.nextInt(5) == 0 ? 75 : 0, 0, false));
      }
      if (alive && beats && database) {
        beatAt = world.now;
      }
    }

    /** The database does as it is asked, or fails. */
    void reply() {
      if (pending.isEmpty()) {
        return;
      }
      Action asked = pending.get();
      pending = Optional.empty();
      if (!database) {
        answers.add(new Answer.Failed());
        return;
      }
      switch (asked) {
        case Action.Fence _ -> {
          fencedIncarnation = incarnation;
          answers.add(new Answer.Fenced());
        }
        case Action.ReturnLeases _ -> {
          returnedIncarnation = incarnation;
          answers.add(
              new Answer.Returned(
                  random.nextInt(4), random.nextInt(5) == 0, random.nextInt(9) == 0));
        }
        case Action.Reserve reserve -> answers.add(reserve(reserve.start()));
        case Action.CheckGpu _ -> answers.add(gpu());
        case Action.Adopt _, Action.Terminate _, Action.Kill _, Action.Launch _, Action.Tell _ ->
            throw new AssertionError("nobody waits for " + asked);
        case Action.Grant _, Action.Gather _ ->
            throw new AssertionError("nobody waits for " + asked);
      }
    }

    private Answer gpu() {
      gpuWasFree = !gpuBusy && !gpuBroken;
      if (gpuBroken) {
        return new Answer.GpuBroken("fell off the bus");
      }
      return gpuBusy ? new Answer.GpuBusy("process 1") : new Answer.GpuFree();
    }

    private Answer reserve(Start start) {
      while (!unplanned.isEmpty() && world.now - unplanned.getFirst() >= HOUR) {
        unplanned.removeFirst();
      }
      if (start.cause().counts() && !start.poison()) {
        if (unplanned.size() >= 10) {
          return new Answer.Refused("10 in an hour");
        }
        unplanned.addLast(world.now);
      }
      incarnation++;
      return new Answer.Reserved(new WorkerId("h/0", incarnation), incarnation);
    }

    void decide() {
      do {
        look();
        SlotState before = world.status.state();
        Answer answer = answers.poll();
        List<Action> actions = answer == null ? world.step() : world.step(answer);
        history.add(new Step(before, world.status.state(), actions));
        if (before == SlotState.STOPPED
            || (before.waitsForPerson()
                && actions.stream().noneMatch(Action.Grant.class::isInstance))) {
          check(actions.isEmpty() && world.status.state() == before, "the end is the end");
        }
        actions.forEach(this::carryOut);
      } while (!answers.isEmpty());
    }

    private void look() {
      if (alive && adopted) {
        world.process = new ProcessSeen.Alive();
      } else if (everAlive && adopted) {
        world.process = new ProcessSeen.Ended(exit, world.now, !treeHangs);
      }
      world.contact = database ? Duration.ofNanos(world.now - databaseSince) : Duration.ZERO;
      world.row = database ? row() : new RowSeen.Blind();
      Duration still = silentLocally ? Duration.ofDays(1) : Duration.ZERO;
      world.local =
          beatAt > 0 ? Optional.of(new LocalSeen(still, lines, beats ? 0 : 1)) : Optional.empty();
    }

    private RowSeen row() {
      if (incarnation == 0) {
        return new RowSeen.Missing();
      }
      boolean registered = everAlive && beatAt > 0;
      WorkerStatus said = registered ? WorkerStatus.READY : WorkerStatus.RESERVED;
      return new RowSeen.Row(
          new WorkerId("h/0", incarnation),
          Optional.of(World.PROCESS),
          fencedIncarnation == incarnation ? WorkerStatus.FENCED : said,
          Optional.of(Duration.ofNanos(world.now - beatAt)),
          beats ? 0 : 1,
          lines,
          lines);
    }

    private void carryOut(Action action) {
      switch (action) {
        case Action.Adopt _ -> {
          if (random.nextInt(10) == 0) {
            answers.add(new Answer.Failed());
            return;
          }
          adopted = true;
          answers.add(alive ? new Answer.Adopted() : new Answer.NotThere());
        }
        case Action.Gather gather -> {
          check(condemned.filter(gather.verdict()::equals).isPresent(), "evidence of the verdict");
          lookedAt = true;
          if (random.nextInt(3) != 0) { // or it hangs
            answers.add(new Answer.Gathered());
          }
        }
        case Action.CheckGpu _ -> ask(action);
        case Action.Grant _ -> world.wish = SlotWish.NONE;
        case Action.Fence _ -> ask(action);
        case Action.Terminate _ -> {
          check(mayBeEnded(), "fence before kill");
          check(alive, "only the living are asked");
          askedToEnd = true;
        }
        case Action.Kill _ -> {
          check(mayBeEnded(), "fence before kill");
          check(!alive || condemned.isPresent() || askedToEnd, "a kill has a verdict");
          check(!judgedAlive() || lookedAt, "evidence before the kill");
          killed = true;
        }
        case Action.ReturnLeases _ -> {
          check(!alive && !(everAlive && treeHangs), "confirm before the leases go back");
          ask(action);
        }
        case Action.Reserve reserve -> {
          check(!alive && !(everAlive && treeHangs), "confirm before start");
          check(!everAlive || returnedIncarnation == incarnation, "leases before start");
          if (everAlive && diedBadly && !killed) {
            check(reserve.start().cause().counts(), "a crash counts");
          }
          ask(action);
        }
        case Action.Launch _ -> launch();
        case Action.Tell tell -> hear(tell.notice());
      }
    }

    /** Or asked politely by a person, or unable to write since there is no database. */
    private boolean mayBeEnded() {
      return world.stopping
          || fencedIncarnation == incarnation
          || world.status instanceof SlotStatus.Draining
          || !alive
          || condemned.filter(v -> v.cause() instanceof Cause.SilentLocally).isPresent();
    }

    private boolean judgedAlive() {
      return condemned
          .map(Verdict::cause)
          .filter(cause -> cause instanceof Cause.Silent || cause instanceof Cause.Stuck)
          .isPresent();
    }

    private void launch() {
      check(!alive, "one process at a time");
      check(gpuWasFree, "nobody is started on a GPU in use");
      check(unplanned.size() <= 10, "ten an hour");
      if (random.nextInt(10) == 0) {
        returnedIncarnation = incarnation;
        answers.add(new Answer.NotLaunched("no"));
        return;
      }
      alive = true;
      everAlive = true;
      askedToEnd = false;
      killed = false;
      condemned = Optional.empty();
      adopted = true;
      beatAt = 0;
      exit = Optional.empty();
      answers.add(new Answer.Launched(new ProcessIdentity(incarnation, 1, World.BOOT)));
    }

    private void hear(Notice notice) {
      if (notice instanceof Notice.Condemned told) {
        condemned = Optional.of(told.verdict());
        lookedAt = false;
        switch (told.verdict().cause()) {
          case Cause.Silent _, Cause.Stuck _, Cause.NeverReady _, Cause.Superseded _ ->
              check(trusted(), "nobody is judged blindly");
          case Cause.CutOff _ -> check(trusted(), "nobody is judged blindly");
          case Cause.SilentLocally _ ->
              check(!database && silentLocally, "only silence proves anything without a database");
          case Cause.Died _, Cause.FoundDead _ -> check(!alive, "the living are not dead");
          case Cause.Planned _ ->
              check(world.stopping || askedToEnd || !alive, "only a wish ends what runs well");
          case Cause.NotStarted _ -> check(false, "there was nobody");
        }
      }
    }

    private boolean trusted() {
      return database && world.contact.compareTo(World.SETTINGS.staleAfter()) >= 0;
    }

    private void ask(Action action) {
      check(pending.isEmpty(), "one question at a time");
      pending = Optional.of(action);
    }

    private void check(boolean holds, String rule) {
      if (!holds) {
        int from = Math.max(0, history.size() - 12);
        throw new AssertionError(
            rule
                + history.subList(from, history.size()).stream()
                    .map(step -> "\n" + step)
                    .collect(Collectors.joining()));
      }
    }
  }
}

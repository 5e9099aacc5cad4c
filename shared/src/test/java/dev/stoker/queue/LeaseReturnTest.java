package dev.stoker.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.health.WorkerId;
import dev.stoker.queue.LeaseReturn.Returned;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LeaseReturnTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration TTL = Duration.ofSeconds(30);

  private final Rows rows = new Rows(database);
  private ShardTable shards;
  private LeaseReturn deaths;
  private BatchId batch;

  @BeforeEach
  void open() {
    shards = new ShardTable(database.jdbc());
    deaths = new LeaseReturn(database.database());
    batch = rows.batch().part("m", 4).part("m", 4).insert();
  }

  @Test
  void a_death_strikes_what_was_in_flight_and_costs_its_shards_no_fault() {
    claimAll(worker(1));

    assertThat(deaths.afterDeath(worker(1), inFlight(1, 2, 5), true))
        .isEqualTo(new Returned(2, false, false));

    assertThat(claimAll(worker(2)).get(0).strikes()).isEqualTo(Map.of(2, new LineStrikes(1, 0)));
    assertThat(faults()).isZero();
  }

  @Test
  void the_next_holder_learns_of_the_strikes_of_its_lines_alone() {
    claimAll(worker(1));
    deaths.afterDeath(worker(1), inFlight(1, 2, 3, 5), true);

    List<ClaimedShard> claimed = claimAll(worker(2));

    assertThat(claimed.get(0).strikes().keySet()).containsExactlyInAnyOrder(2, 3);
    assertThat(claimed.get(1).strikes().keySet()).containsExactly(5);
    assertThat(claimed.get(1).strikesOf(5)).isEqualTo(new LineStrikes(1, 0));
    assertThat(claimed.get(1).strikesOf(6)).isEqualTo(LineStrikes.NONE);
  }

  @Test
  void a_line_is_convicted_by_its_second_death_alone() {
    deaths.afterDeath(worker(1), inFlight(1, 2, 3), true);
    deaths.afterDeath(worker(2), inFlight(2, 3), true);
    assertThat(strikesOf(3)).isEqualTo(new LineStrikes(2, 1));
    assertThat(strikesOf(3).convicted()).isFalse();

    deaths.afterDeath(worker(3), inFlight(3, 3), true);

    assertThat(strikesOf(3)).isEqualTo(new LineStrikes(3, 2));
    assertThat(strikesOf(3).convicted()).isTrue();
    assertThat(strikesOf(2)).isEqualTo(new LineStrikes(1, 0));
  }

  @Test
  void a_death_is_one_of_poison_if_all_in_flight_were_suspects_before() {
    assertThat(deaths.afterDeath(worker(1), inFlight(1, 2, 3), true).poison()).isFalse();
    assertThat(deaths.afterDeath(worker(2), inFlight(2, 2, 3), true).poison()).isTrue();
    assertThat(deaths.afterDeath(worker(3), inFlight(3, 2, 4), true).poison()).isFalse();
    assertThat(deaths.afterDeath(worker(4), inFlight(4), true).poison()).isFalse();
  }

  @Test
  void the_second_death_alone_convicts_and_says_so_however_often_it_is_told() {
    assertThat(deaths.afterDeath(worker(1), inFlight(1, 2, 3), true).convicted()).isFalse();
    assertThat(deaths.afterDeath(worker(2), inFlight(2, 3), true).convicted()).isFalse();
    assertThat(deaths.afterDeath(worker(3), inFlight(3, 2, 3), true).convicted()).isFalse();
    assertThat(deaths.afterDeath(worker(4), inFlight(4, 3), true))
        .isEqualTo(new Returned(0, true, true));
    assertThat(deaths.afterDeath(worker(4), inFlight(4, 3), true))
        .isEqualTo(new Returned(0, true, true));
    assertThat(deaths.afterDeath(worker(5), inFlight(5, 3), true).convicted())
        .as("it was before")
        .isFalse();
  }

  @Test
  void a_death_told_twice_strikes_once_and_gets_the_same_answer() {
    deaths.afterDeath(worker(1), inFlight(1, 2), true);
    deaths.afterDeath(worker(1), inFlight(1, 2), true);
    assertThat(strikesOf(2)).isEqualTo(new LineStrikes(1, 1));

    assertThat(deaths.afterDeath(worker(2), inFlight(2, 2, 3), true).poison()).isFalse();
    assertThat(deaths.afterDeath(worker(2), inFlight(2, 2, 3), true).poison()).isFalse();
    assertThat(deaths.afterDeath(worker(3), inFlight(3, 2), true).poison()).isTrue();
    assertThat(deaths.afterDeath(worker(3), inFlight(3, 2), true).poison()).isTrue();
    assertThat(strikesOf(2)).isEqualTo(new LineStrikes(3, 2));
  }

  @Test
  void a_line_that_is_finished_or_gone_gets_no_strike() {
    List<ClaimedShard> claimed = claimAll(worker(1));
    shards.settle(
        List.of(FinishedLine.failed(claimed.getFirst().lease(), 2, "{}".getBytes(UTF_8))));
    LineKey gone = new LineKey(new BatchId(new UUID(1, 2)), 1);
    Set<LineKey> lines = Set.of(new LineKey(batch, 2), new LineKey(batch, 3), gone);

    deaths.afterDeath(worker(1), Optional.of(new InFlightFile.Reading(1, 5, lines)), true);

    assertThat(database.jdbc().sql("SELECT line FROM line_strike").query(Integer.class).list())
        .containsExactly(3);
  }

  /** Whether a line is finished is asked of its own part, of which there may be nothing yet. */
  @Test
  void a_finished_line_is_known_in_whichever_part_it_is() {
    List<ClaimedShard> claimed = claimAll(worker(1));
    Set<LineKey> lines = new HashSet<>();
    for (ClaimedShard shard : claimed) {
      for (int line = 0; line < shard.lines(); line++) {
        lines.add(new LineKey(batch, shard.firstLine() + line));
      }
    }
    Lease second = claimed.get(1).lease();
    int first = claimed.get(1).firstLine();
    shards.settle(List.of(FinishedLine.failed(second, first + 1, "{}".getBytes(UTF_8))));

    deaths.afterDeath(worker(1), Optional.of(new InFlightFile.Reading(1, 5, lines)), true);

    assertThat(database.jdbc().sql("SELECT line FROM line_strike").query(Integer.class).list())
        .hasSize(lines.size() - 1)
        .doesNotContain(first + 1);
  }

  @Test
  void a_death_that_is_nobodys_fault_strikes_nothing_and_counts_no_fault() {
    claimAll(worker(1));

    assertThat(deaths.afterDeath(worker(1), inFlight(1, 2), false))
        .isEqualTo(new Returned(2, false, false));

    assertThat(strikes()).isZero();
    assertThat(faults()).isZero();
  }

  @Test
  void a_death_of_which_nothing_is_known_is_a_fault_of_its_shards() {
    claimAll(worker(1));
    deaths.afterDeath(worker(1), Optional.empty(), true);
    assertThat(faults()).isEqualTo(2);

    claimAll(worker(2));
    deaths.afterDeath(worker(2), inFlight(1, 2), true);
    assertThat(faults()).as("what an earlier process left says nothing").isEqualTo(4);

    claimAll(worker(3));
    deaths.afterDeath(worker(3), inFlight(3), true);
    assertThat(faults()).as("nothing was in flight, and it died nevertheless").isEqualTo(6);
    assertThat(strikes()).isZero();
  }

  private static WorkerId worker(long incarnation) {
    return new WorkerId("host/0", incarnation);
  }

  private Optional<InFlightFile.Reading> inFlight(long incarnation, Integer... lines) {
    return reading(incarnation, 9, lines);
  }

  private Optional<InFlightFile.Reading> reading(
      long incarnation, long answered, Integer... lines) {
    return Optional.of(
        new InFlightFile.Reading(
            incarnation,
            answered,
            Arrays.stream(lines)
                .map(line -> new LineKey(batch, line))
                .collect(Collectors.toSet())));
  }

  private List<ClaimedShard> claimAll(WorkerId holder) {
    return shards.read(shards.claim(holder.holder(), List.of("m"), 9, TTL));
  }

  private LineStrikes strikesOf(int line) {
    return database
        .jdbc()
        .sql("SELECT strikes, alone FROM line_strike WHERE line = ?")
        .param(line)
        .query(LineStrikes.class)
        .single();
  }

  private long strikes() {
    return rows.value(Long.class, "SELECT count(*) FROM line_strike");
  }

  private long faults() {
    return rows.value(Long.class, "SELECT sum(faults) FROM shard");
  }
}

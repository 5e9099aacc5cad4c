package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.endtoend.Installation.Finished;
import dev.stoker.testing.Until;
import dev.stoker.watchdog.Patience;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A database that dies or freezes, and workers that freeze: with two workers and scaled times. */
class OutageIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration STALE_AFTER = Duration.ofSeconds(8);
  private static final Duration LEASE_TTL = Duration.ofSeconds(3);

  private static Installation installation;
  private static Client client;

  @BeforeAll
  static void start() {
    installation =
        Installation.start(
            "outage",
            Map.of(
                "STOKER_WORKERS", "2",
                "STOKER_HEARTBEAT_STALE_AFTER", STALE_AFTER.toSeconds() + "s",
                "STOKER_HEARTBEAT_EVERY", "1s",
                "STOKER_LEASE_TTL", LEASE_TTL.toSeconds() + "s",
                "STOKER_LEASE_RENEW_EVERY", "500ms",
                "STOKER_RESPAWNS_PER_HOUR", "100"));
    client = new Client(installation.root());
  }

  @AfterAll
  static void stop() {
    installation.close();
  }

  @Test
  void fault_12_a_database_killed_in_the_middle_costs_no_worker_and_no_line() throws IOException {
    awaitBothWorkers();
    String batch = created(1_500);
    Until.within(SOON).holds(() -> completed(batch) > 100);
    List<Long> before = workerPids();

    freezePostgres().forEach(process -> installation.signal(process, "KILL"));
    startAll(); // as its unit does where systemd keeps it

    Until.within(SOON).holds(() -> ended(batch));
    assertExact(batch, 1_500);
    assertThat(workerPids()).isEqualTo(before);
  }

  @Test
  void fault_13_a_database_frozen_for_several_stale_windows_costs_no_worker_and_no_line()
      throws IOException {
    awaitBothWorkers();
    String batch = created(1_500);
    Until.within(SOON).holds(() -> completed(batch) > 100);
    List<Long> before = workerPids();

    List<ProcessHandle> frozen = freezePostgres();
    try {
      Patience.whilst(
          "no worker is touched",
          STALE_AFTER.multipliedBy(3),
          () -> before.stream().allMatch(OutageIT::lives));
    } finally {
      frozen.forEach(process -> installation.signal(process, "CONT"));
    }

    Until.within(SOON).holds(() -> ended(batch));
    assertExact(batch, 1_500);
    assertThat(workerPids()).isEqualTo(before);
  }

  @Test
  void fault_07_what_a_worker_writes_that_slept_through_its_lease_is_refused() throws IOException {
    awaitBothWorkers();
    installation.signal("watchdog", "KILL"); // it would end the sleeper before that can wake
    Until.within(SOON).holds(() -> installation.process("watchdog").isEmpty());
    try {
      String batch = created(1_500);
      Until.within(SOON).holds(() -> completed(batch) > 100);

      installation.signal("worker", "STOP");
      Until.within(SOON).holds(() -> ended(batch));
      String stored = client.get(contentOf(batch)).body();
      installation.signal("worker", "CONT");
      Until.within(SOON)
          .holds(
              () ->
                  log("worker.log").contains("the lease is lost")
                      || log("worker.log").contains("lost the lease"));

      assertExact(batch, 1_500);
      assertThat(client.get(contentOf(batch)).body()).isEqualTo(stored);
    } finally {
      startAll();
    }
  }

  @Test
  void faults_03_and_04_whatever_a_worker_started_dies_with_it() throws IOException {
    awaitBothWorkers();
    long worker = installation.process("worker").orElseThrow().pid();
    Process stranger = startInTheWorkersStead(worker);
    try {
      installation.signal("worker", "KILL");
      Until.within(SOON).holds(() -> !stranger.isAlive());
    } finally {
      stranger.destroyForcibly();
    }
  }

  /** A process in the worker's control group, with a session of its own and no parent there. */
  private static Process startInTheWorkersStead(long worker) throws IOException {
    String group =
        Files.readAllLines(Path.of("/proc/" + worker + "/cgroup")).stream()
            .filter(line -> line.startsWith("0::"))
            .map(line -> line.substring(3))
            .findFirst()
            .orElse("/");
    assumeTrue(group.contains("worker-0"), "no control group can be had here");
    List<String> mounts =
        Stream.of("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
            .filter(mount -> Files.exists(Path.of(mount + group + "/cgroup.procs")))
            .toList();
    return new ProcessBuilder(
            "sh",
            "-c",
            "echo $$ > " + mounts.getFirst() + group + "/cgroup.procs; exec setsid sleep 1000")
        .start();
  }

  /** All of it: the first to freeze is the one that starts the others. */
  private static List<ProcessHandle> freezePostgres() throws IOException {
    Path file = installation.dataDirectory().resolve("postgres/postmaster.pid");
    long pid = Long.parseLong(Files.readAllLines(file).getFirst());
    ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
    installation.signal(postmaster, "STOP");
    List<ProcessHandle> children = postmaster.children().toList();
    children.forEach(child -> installation.signal(child, "STOP"));
    return Stream.concat(Stream.of(postmaster), children.stream()).toList();
  }

  /** Whatever is missing: all else stays as it is. */
  private static void startAll() {
    Finished started = installation.run("start-all.sh");
    assertThat(started.status()).as(started.output()).isZero();
  }

  private static void awaitBothWorkers() {
    Until.within(SOON)
        .holds(
            () ->
                log("watchdog.log").lastIndexOf("Watchdog is ready")
                    > log("watchdog.log").lastIndexOf(" started, pid"));
    Until.within(SOON)
        .holds(
            () ->
                client.get("/health").body().split("\"status\":\"ready\"", -1).length == 3
                    && client.get("/health").body().contains("\"open\":true")
                    && client.get("/health").body().split("\"state\":\"running\"", -1).length == 3);
  }

  private static List<Long> workerPids() {
    return installation.workers().stream().map(ProcessHandle::pid).sorted().toList();
  }

  private static boolean lives(long pid) {
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
  }

  private static String log(String name) {
    try {
      return Files.readString(installation.logDirectory().resolve(name));
    } catch (IOException e) {
      return "";
    }
  }

  private static String created(int lines) {
    HttpResponse<String> answer = client.create(client.upload(lines));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Client.text(answer.body(), "id");
  }

  private static void assertExact(String batch, int lines) {
    assertThat(completed(batch)).isEqualTo(lines);
    assertThat(client.customIds(Client.text(client.batch(batch), "output_file_id")))
        .containsExactlyElementsOf(Client.idsUpTo(lines));
  }

  private static String contentOf(String batch) {
    return "/v1/files/" + Client.text(client.batch(batch), "output_file_id") + "/content";
  }

  /** -1 while the api-server cannot say it. */
  private static int completed(String batch) {
    HttpResponse<String> answer = client.get("/v1/batches/" + batch);
    return answer.statusCode() == 200 ? Client.number(answer.body(), "completed") : -1;
  }

  private static boolean ended(String batch) {
    HttpResponse<String> answer = client.get("/v1/batches/" + batch);
    return answer.statusCode() == 200 && Client.text(answer.body(), "status").equals("completed");
  }
}

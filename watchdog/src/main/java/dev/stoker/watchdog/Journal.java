package dev.stoker.watchdog;

import dev.stoker.watchdog.alert.Alert;
import dev.stoker.watchdog.alert.Alerts;
import dev.stoker.watchdog.alert.Incident;
import dev.stoker.watchdog.evidence.Evidence;
import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.slot.Ending;
import dev.stoker.watchdog.slot.Notice;
import dev.stoker.watchdog.slot.Start;
import dev.stoker.watchdog.slot.Verdict;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells people what happens to one worker: in the log always, by an alert when it matters. */
final class Journal {

  private static final Logger log = LoggerFactory.getLogger(Journal.class);

  private final String worker;
  private final Alerts alerts;

  Journal(String worker, Alerts alerts) {
    this.worker = worker;
    this.alerts = alerts;
  }

  void healthy(Duration heartbeatAge) {
    log.info("Worker {} healthy (heartbeat {} ago)", worker, seconds(heartbeatAge));
  }

  /**
   * @param evidence what was seen of the worker when it was found to be at its end
   */
  void tell(Notice notice, Evidence evidence) {
    switch (notice) {
      case Notice.Adopted told ->
          log.info("Worker {} adopted: pid {} works on", worker, told.child().process().pid());
      case Notice.Suspected told -> log.warn("Worker {} suspect: {}", worker, told.reason());
      case Notice.Cleared _ -> log.info("Worker {} is well again", worker);
      case Notice.Condemned told -> condemned(told);
      case Notice.Launched told ->
          log.info(
              "Worker {} starts: {}; pid {}, incarnation {}",
              worker,
              told.start().cause().text(),
              told.child().process().pid(),
              told.child().id().incarnation());
      case Notice.Ready told -> ready(told, evidence);
      case Notice.Waiting told ->
          log.warn(
              "Worker {} starts again in {}: {}",
              worker,
              seconds(told.delay()),
              told.start().cause().text());
      case Notice.GaveUp told -> gaveUp(told, evidence);
      case Notice.Unkillable told -> {
        log.error("Worker {} was killed and is not dead: {}", worker, evidence.text());
        alerts.send(
            new Alert.Unkillable(
                incident(Optional.of(told.verdict()), Map.of(), evidence),
                "killed and not dead: " + told.verdict().cause().text()));
      }
      case Notice.GpuBusy told -> {
        log.error("Worker {} is not started: its GPU is not free: {}", worker, told.holders());
        alerts.send(
            new Alert.GpuBusy(
                incident(Optional.empty(), Map.of(), evidence),
                "its GPU is not free: " + told.holders()));
      }
      case Notice.Quarantined told -> {
        log.error("Worker {} is not started: its GPU is broken: {}", worker, told.reason());
        alerts.send(
            new Alert.GpuQuarantined(
                incident(Optional.empty(), Map.of(), evidence), worker, told.reason()));
      }
      case Notice.Granted told ->
          log.info("Worker {}: a person asked for: {}", worker, told.wish().name());
      case Notice.Stopped _ -> log.info("Worker {} stopped", worker);
    }
  }

  /** A GPU on which a worker may run, and at which a person should look. */
  void degraded(String gpu, String warning) {
    log.warn("Worker {}: GPU {}: {}", worker, gpu, warning);
    Incident incident = new Incident(worker, OptionalLong.empty(), Map.of(), warning, List.of());
    alerts.send(new Alert.GpuDegraded(incident, gpu, warning));
  }

  /** What was found out about a worker that is at its end. */
  void found(Evidence evidence) {
    log.warn(
        "Worker {}: what is known of it:\n{}", worker, evidence.text().indent(4).stripTrailing());
  }

  private void condemned(Notice.Condemned told) {
    if (told.verdict().forGood()) {
      log.warn("Worker {} did not drain in time and is killed", worker);
    } else if (told.verdict().cause().counts()) {
      log.warn("Worker {} lost: {}", worker, told.verdict().cause().text());
    }
  }

  private void ready(Notice.Ready told, Evidence evidence) {
    Start start = told.start();
    if (!start.cause().counts()) {
      log.info(
          "Worker {} ready after {} ms: {}",
          worker,
          told.toReady().toMillis(),
          start.cause().text());
      return;
    }
    String story = story(told);
    log.warn("Worker {} recovered: {}", worker, story);
    alerts.send(
        new Alert.Recovered(
            incident(start.after().map(Ending::verdict), timings(told), evidence),
            start.cause().getClass().getSimpleName(),
            start.after().flatMap(Ending::exit).map(ExitStatus::text).orElse("exit unknown"),
            story));
  }

  private static String story(Notice.Ready told) {
    return "%s%s, new pid %d after %d ms, ready after %d ms"
        .formatted(
            told.start().cause().text(),
            told.start().after().map(Journal::steps).orElse(""),
            told.child().process().pid(),
            told.toLaunch().toMillis(),
            told.toReady().toMillis());
  }

  private static String steps(Ending ending) {
    return "; fenced %d ms, killed %d ms, confirmed %d ms, %d leases returned"
        .formatted(
            ending.toFence().toMillis(),
            ending.toKill().toMillis(),
            ending.toConfirm().toMillis(),
            ending.leasesReturned());
  }

  private void gaveUp(Notice.GaveUp told, Evidence evidence) {
    log.error(
        "Worker {} given up: {}; last: {}", worker, told.reason(), told.start().cause().text());
    alerts.send(
        new Alert.GaveUp(
            incident(told.start().after().map(Ending::verdict), Map.of(), evidence),
            told.reason()));
  }

  private Incident incident(
      Optional<Verdict> verdict, Map<String, Duration> timings, Evidence evidence) {
    OptionalLong incarnation =
        verdict.stream().mapToLong(known -> known.id().incarnation()).findFirst();
    return new Incident(worker, incarnation, timings, evidence.text(), evidence.files());
  }

  private static Map<String, Duration> timings(Notice.Ready told) {
    Map<String, Duration> timings = new HashMap<>();
    told.start()
        .after()
        .ifPresent(
            ending -> {
              timings.put("fence", ending.toFence());
              timings.put("kill", ending.toKill());
              timings.put("confirm", ending.toConfirm());
            });
    timings.put("launch", told.toLaunch());
    timings.put("ready", told.toReady());
    return timings;
  }

  private static String seconds(Duration duration) {
    return "%.1fs".formatted(duration.toMillis() / 1000.0);
  }
}

package dev.stoker.watchdog.evidence;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.process.OutOfMemory;
import dev.stoker.watchdog.process.ProcessState;
import dev.stoker.watchdog.process.ProcessTable;
import dev.stoker.watchdog.process.WatchedProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks into workers that are about to be killed, or have died. */
public final class EvidenceThread {

  private static final Logger log = LoggerFactory.getLogger(EvidenceThread.class);

  private static final Duration BUDGET = Duration.ofSeconds(10);
  private static final Duration READING = Duration.ofSeconds(1);
  private static final Duration PRINTING = Duration.ofSeconds(2);
  private static final Duration ASKING = Duration.ofSeconds(3);
  private static final Duration ASKING_ENDS = ASKING.plusMillis(300);

  private static final int LOG_BYTES_MAX = 64 * 1024;
  private static final int LINES_MAX = 20;
  private static final int KILL = 9;

  private final Incidents incidents;
  private final LongSupplier ticker;

  public EvidenceThread(Incidents incidents, LongSupplier ticker) {
    this.incidents = incidents;
    this.ticker = ticker;
  }

  /**
   * Looks into a worker; nobody has to wait for it. One that lives is left running: within about 10
   * seconds. Of one that has died some files are read: within milliseconds, unless a disk hangs.
   *
   * @param done told once, on another thread
   */
  public void examine(Subject subject, Consumer<Evidence> done) {
    boolean alive = subject.process().filter(process -> process.end().isEmpty()).isPresent();
    Thread.ofPlatform()
        .name("evidence-" + subject.slot())
        .daemon(true)
        .start(() -> done.accept(whatIsThere(subject, alive)));
  }

  /** What is left of a worker that has died: some files, read and written within milliseconds. */
  private Evidence postMortem(Subject subject) {
    Findings findings = new Findings();
    findings.lastWords = subject.console().tail(LINES_MAX);
    try {
      Path incident = incidents.open(subject.slot(), subject.incarnation());
      findings.incident = Optional.of(incident);
      Files.writeString(incident.resolve("console.log"), subject.console().end(LOG_BYTES_MAX));
      Files.writeString(incident.resolve("worker.log"), subject.log().end(LOG_BYTES_MAX));
    } catch (Exception e) {
      findings.notes = List.of("incident: " + e);
    }
    findings.state = subject.process().flatMap(WatchedProcess::end).map(end -> ended(subject, end));
    String text = text(subject, findings);
    try {
      if (findings.incident.isPresent()) {
        Files.writeString(findings.incident.get().resolve("verdict.txt"), text);
      }
    } catch (Exception e) {
      text += "\nnote: verdict.txt: " + e;
    }
    return new Evidence(text, findings.incident, Optional.empty());
  }

  /** A watchdog must not end by its curiosity. */
  private Evidence whatIsThere(Subject subject, boolean alive) {
    try {
      return alive ? gather(subject) : postMortem(subject);
    } catch (RuntimeException e) {
      log.warn("Evidence of slot {} is incomplete", subject.slot(), e);
      return new Evidence(subject.verdict() + "\nnote: " + e, Optional.empty(), Optional.empty());
    }
  }

  /** What came of the steps. */
  private static final class Findings {
    private Optional<Path> incident = Optional.empty();
    private Optional<String> state = Optional.empty();
    private List<String> lastWords = List.of();
    private Optional<String> dump = Optional.empty();
    private List<String> notes = List.of();
  }

  private Evidence gather(Subject subject) {
    Steps steps = new Steps("evidence-" + subject.slot(), BUDGET, ticker);
    Findings findings = new Findings();
    findings.incident =
        steps.attempt(
            "incident", READING, () -> incidents.open(subject.slot(), subject.incarnation()));
    findings.state =
        subject
            .process()
            .flatMap(
                process ->
                    steps.attempt(
                        "state", READING, () -> ProcessTable.describe(process.identity())));
    // Its last words first: the list of its threads goes to the same file.
    findings.lastWords =
        steps
            .attempt("console", READING, () -> subject.console().tail(LINES_MAX))
            .orElse(List.of());
    keep(steps, findings, "console.log", () -> subject.console().end(LOG_BYTES_MAX));
    keep(steps, findings, "worker.log", () -> subject.log().end(LOG_BYTES_MAX));
    subject.process().ifPresent(process -> lookInto(process, subject, steps, findings));
    findings.notes = steps.notes();
    String text = text(subject, findings);
    keep(steps, findings, "verdict.txt", () -> text);
    log.debug("Evidence of slot {}: {}", subject.slot(), findings.incident);
    return new Evidence(text, findings.incident, findings.dump);
  }

  private static void lookInto(
      WatchedProcess process, Subject subject, Steps steps, Findings findings) {
    ProcessIdentity identity = process.identity();
    keep(steps, findings, "process.txt", () -> ProcessReport.of(identity));
    ProcessState state =
        steps
            .attempt("state", READING, () -> ProcessTable.stateOf(identity))
            .orElse(ProcessState.GONE);
    boolean answers =
        steps
            .attempt("is it a JVM", READING, () -> ProcessTable.printsThreads(identity))
            .orElse(false);
    if (!answers || state == ProcessState.STOPPED) {
      steps.note(
          "threads: not asked for, since the process "
              + (answers ? "is stopped" : "is no JVM that answers"));
      return;
    }
    findings.dump =
        steps.attempt("threads", PRINTING, () -> ThreadDump.printed(process, subject.console()));
    findings.dump.ifPresent(dump -> keep(steps, findings, "threads.txt", () -> dump));
    if (state == ProcessState.UNINTERRUPTIBLE) {
      steps.note("threads.json: not asked for, since a thread hangs in the kernel");
      return;
    }
    findings.incident.ifPresent(
        incident ->
            steps.attempt(
                "threads.json",
                ASKING_ENDS,
                () ->
                    ThreadDump.written(identity.pid(), incident.resolve("threads.json"), ASKING)));
  }

  /** Writes a file of the incident, if there is one. */
  private static void keep(Steps steps, Findings findings, String file, Callable<String> content) {
    findings.incident.ifPresent(
        incident ->
            steps.attempt(
                file, READING, () -> Files.writeString(incident.resolve(file), content.call())));
  }

  private static String text(Subject subject, Findings findings) {
    StringBuilder text = new StringBuilder(subject.verdict());
    subject.process().ifPresent(process -> text.append("\npid ").append(process.identity().pid()));
    findings.state.ifPresent(state -> text.append(": ").append(state));
    crashReport(subject).ifPresent(report -> text.append("\ncrash report: ").append(report));
    findings
        .dump
        .flatMap(ThreadDump::deadlock)
        .ifPresent(deadlock -> text.append("\nthreads:\n").append(deadlock.strip()));
    findings.incident.ifPresent(incident -> text.append("\nincident: ").append(incident));
    findings.notes.forEach(note -> text.append("\nnote: ").append(note));
    if (!findings.lastWords.isEmpty()) {
      text.append("\nlast lines of its console:\n").append(String.join("\n", findings.lastWords));
    }
    return text.toString();
  }

  private static String ended(Subject subject, WatchedProcess.End end) {
    Optional<ExitStatus> status = end.status();
    Optional<String> killer =
        status
            .filter(known -> known.signal() == KILL)
            .flatMap(_ -> subject.memory())
            .map(before -> ", " + nameOf(OutOfMemory.since(before)));
    return status.map(ExitStatus::text).orElse("ended, nobody knows how") + killer.orElse("");
  }

  private static String nameOf(OutOfMemory.Killer killer) {
    return switch (killer) {
      case KERNEL_OUT_OF_MEMORY -> "sent by the kernel for want of memory";
      case SOMEBODY -> "sent by somebody, not for want of memory";
      case UNKNOWN -> "sent by somebody or for want of memory";
    };
  }

  private static Optional<Path> crashReport(Subject subject) {
    return subject
        .process()
        .map(process -> "hs_err_pid" + process.identity().pid() + ".log")
        .flatMap(
            name ->
                Stream.of(subject.home(), Path.of("/tmp"))
                    .map(directory -> directory.resolve(name))
                    .filter(Files::exists)
                    .findFirst());
  }
}

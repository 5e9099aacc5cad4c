package dev.stoker.watchdog.command;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.Gate;
import dev.stoker.health.GpuTable;
import dev.stoker.health.GpuView;
import dev.stoker.health.QueueTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What of the machine Stoker depends on, and how it finds it. */
record DoctorCommand(
    DatabaseSettings settings, Database database, Gate gate, Path home, Paint paint) {

  private enum Verdict {
    GOOD,
    /** Something is missing that not everybody needs. */
    NOTE,
    BAD
  }

  private record Finding(String name, Verdict verdict, String text) {}

  private static final long DISK_FREE_MIN = 2L << 30;
  private static final List<String> LIBRARY_DIRECTORIES =
      List.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib");
  private static final Path UNITS = Path.of("/etc/systemd/system");

  Answer run() {
    List<Finding> findings =
        new ArrayList<>(
            List.of(java(), built(), controlGroups(), systemd(), gpu(), databaseAnswers(), disk()));
    findings.addAll(gpus());
    Columns columns = new Columns("CHECK", "", "FOUND");
    findings.forEach(
        f -> columns.row(f.name(), f.verdict().name().toLowerCase(Locale.ROOT), f.text()));
    List<String> lines = new ArrayList<>(columns.lines());
    for (int i = 0; i < findings.size(); i++) {
      lines.set(i + 1, painted(findings.get(i).verdict(), lines.get(i + 1)));
    }
    boolean bad = findings.stream().anyMatch(f -> f.verdict() == Verdict.BAD);
    Map<String, Object> data =
        Map.of("checks", findings.stream().map(DoctorCommand::data).toList());
    return new Answer(bad ? Answer.FAILED : Answer.DONE, String.join("\n", lines), data);
  }

  private String painted(Verdict verdict, String line) {
    return switch (verdict) {
      case GOOD -> paint.good(line);
      case NOTE -> paint.doubtful(line);
      case BAD -> paint.bad(line);
    };
  }

  private static Map<String, Object> data(Finding finding) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("check", finding.name());
    data.put("verdict", finding.verdict().name().toLowerCase(Locale.ROOT));
    data.put("found", finding.text());
    return data;
  }

  private static Finding java() {
    String version = System.getProperty("java.runtime.version");
    return new Finding(
        "java", Verdict.GOOD, "JDK " + version + " in " + System.getProperty("java.home"));
  }

  private Finding built() {
    List<String> missing =
        Stream.of("api-server/target/api-server.jar", "worker/target/worker.jar")
            .filter(jar -> !Files.exists(home.resolve(jar)))
            .toList();
    return missing.isEmpty()
        ? new Finding("build", Verdict.GOOD, "all jars are there")
        : new Finding("build", Verdict.BAD, missing + " missing: scripts/start-all.sh builds");
  }

  private static Finding controlGroups() {
    Path root = Path.of("/sys/fs/cgroup");
    if (Files.exists(root.resolve("cgroup.controllers"))) {
      return new Finding("cgroups", Verdict.GOOD, "version 2");
    }
    String found = Files.exists(root.resolve("unified")) ? "hybrid" : "version 1, or none";
    return new Finding("cgroups", Verdict.NOTE, found + ": workers are ended process by process");
  }

  private static Finding systemd() {
    if (!Files.isDirectory(Path.of("/run/systemd/system"))) {
      return new Finding(
          "systemd", Verdict.NOTE, "does not run this machine: scripts/start-all.sh starts Stoker");
    }
    return Files.exists(UNITS.resolve("stoker-watchdog.service"))
        ? new Finding("systemd", Verdict.GOOD, "runs Stoker")
        : new Finding(
            "systemd", Verdict.NOTE, "has no unit of Stoker: scripts/install-service.sh installs");
  }

  private static Finding gpu() {
    Optional<Path> library =
        LIBRARY_DIRECTORIES.stream()
            .map(directory -> Path.of(directory, "libnvidia-ml.so.1"))
            .filter(Files::exists)
            .findFirst();
    return library
        .map(path -> new Finding("gpu", Verdict.GOOD, path.toString()))
        .orElse(new Finding("gpu", Verdict.NOTE, "no libnvidia-ml.so.1: workers use the CPU"));
  }

  /** What the watchdogs have found; nothing while they cannot be asked. */
  private List<Finding> gpus() {
    try {
      return new GpuTable(database.jdbc()).all().stream().map(this::gpu).toList();
    } catch (RuntimeException e) {
      return List.of();
    }
  }

  private Finding gpu(GpuView view) {
    Verdict verdict = view.age().compareTo(gate.staleAfter()) > 0 ? Verdict.NOTE : Verdict.GOOD;
    return new Finding(
        view.title(), view.reading().healthy() ? verdict : Verdict.BAD, GpuLines.sentence(view));
  }

  private Finding databaseAnswers() {
    try {
      boolean ready = new QueueTable(database.jdbc()).ready();
      return ready
          ? new Finding("database", Verdict.GOOD, settings.toString())
          : new Finding("database", Verdict.BAD, "has no tables yet: start the api-server");
    } catch (RuntimeException e) {
      return new Finding("database", Verdict.BAD, "does not answer: " + StokerCommand.reason(e));
    }
  }

  private Finding disk() {
    try {
      Path existing = settings.dataDirectory();
      while (!Files.exists(existing)) {
        existing = existing.getParent();
      }
      long free = Files.getFileStore(existing).getUsableSpace();
      return new Finding(
          "disk",
          free < DISK_FREE_MIN ? Verdict.BAD : Verdict.GOOD,
          (free >> 20) + " MiB free for " + settings.dataDirectory());
    } catch (IOException e) {
      return new Finding("disk", Verdict.BAD, e.toString());
    }
  }
}

package dev.stoker.watchdog.command;

import dev.stoker.health.RecoveryHistoryTable;
import dev.stoker.health.RecoveryView;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What has been started and restarted, and why. */
record RecoveriesCommand(JdbcClient jdbc, int most) {

  private static final DateTimeFormatter WHEN =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  Answer run() {
    List<RecoveryView> newest = new RecoveryHistoryTable(jdbc).newest(most);
    Columns columns =
        new Columns(
            "WHEN", "WORKER", "KIND", "EXIT", "LEASES", "FENCE", "KILL", "CONFIRM", "READY",
            "CAUSE");
    for (RecoveryView recovery : newest) {
      columns.row(
          WHEN.format(recovery.detectedAt()),
          recovery.worker(),
          kind(recovery),
          or(recovery.exitStatus()),
          recovery.leasesReturned(),
          millis(recovery.fenceMs()),
          millis(recovery.killMs()),
          millis(recovery.confirmMs()),
          millis(recovery.readyMs()),
          recovery.cause());
    }
    return new Answer(
        Answer.DONE,
        newest.isEmpty() ? "There was no recovery yet." : String.join("\n", columns.lines()),
        Map.of("recoveries", newest.stream().map(RecoveriesCommand::data).toList()));
  }

  static String sentence(RecoveryView recovery) {
    return "%s %s, %s, ready after %s"
        .formatted(
            WHEN.format(recovery.detectedAt()),
            recovery.worker(),
            recovery.cause(),
            millis(recovery.readyMs()));
  }

  static Map<String, Object> data(RecoveryView recovery) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("id", recovery.id());
    data.put("worker", recovery.worker());
    data.put("detected_at", recovery.detectedAt());
    data.put("planned", recovery.planned());
    data.put("poison", recovery.poison());
    data.put("cause", recovery.cause());
    data.put("exit_status", recovery.exitStatus().orElse(null));
    data.put("old_pid", recovery.oldPid().orElse(null));
    data.put("new_pid", recovery.newPid().orElse(null));
    data.put("leases_returned", recovery.leasesReturned());
    data.put("fence_ms", recovery.fenceMs().orElse(null));
    data.put("kill_ms", recovery.killMs().orElse(null));
    data.put("confirm_ms", recovery.confirmMs().orElse(null));
    data.put("ready_ms", recovery.readyMs().orElse(null));
    data.put("incident", recovery.incident());
    return data;
  }

  private static String kind(RecoveryView recovery) {
    if (recovery.poison()) {
      return "poison";
    }
    return recovery.planned() ? "planned" : "unplanned";
  }

  private static String millis(Optional<Long> millis) {
    return millis.map(value -> value + " ms").orElse("-");
  }

  private static String or(Optional<Integer> value) {
    return value.map(String::valueOf).orElse("-");
  }
}

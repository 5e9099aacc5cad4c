package dev.stoker.api.health;

import dev.stoker.health.RecoveryView;

/**
 * A recovery on the wire; a member is null where nothing is known.
 *
 * @param detectedAt seconds since 1970
 */
record RecoveryObject(
    long id,
    String object,
    String worker,
    boolean planned,
    boolean poison,
    String cause,
    Integer exitStatus,
    Long oldPid,
    Long newPid,
    int leasesReturned,
    long detectedAt,
    Long fenceMs,
    Long killMs,
    Long confirmMs,
    Long readyMs,
    String incident) {

  static RecoveryObject of(RecoveryView view) {
    return new RecoveryObject(
        view.id(),
        "recovery",
        view.worker(),
        view.planned(),
        view.poison(),
        view.cause(),
        view.exitStatus().orElse(null),
        view.oldPid().orElse(null),
        view.newPid().orElse(null),
        view.leasesReturned(),
        view.detectedAt().getEpochSecond(),
        view.fenceMs().orElse(null),
        view.killMs().orElse(null),
        view.confirmMs().orElse(null),
        view.readyMs().orElse(null),
        view.incident());
  }
}

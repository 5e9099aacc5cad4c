package dev.stoker.database;

/** What a process finds of the tables that it was made for. */
public sealed interface Schema {

  /** The version that this build knows: that of its newest migration. */
  int KNOWN_VERSION = 7;

  /** It may go on. */
  record Known() implements Schema {}

  /** An api-server of this build changes it when it starts; until then others wait. */
  record Older(int version) implements Schema {
    /** Why there is nothing to do yet, for people. */
    public String reason() {
      return "the database has schema version %d, this build needs %d: its api-server upgrades it"
          .formatted(version, KNOWN_VERSION);
    }
  }

  /** Whoever used it could do harm, so nobody starts. */
  record Newer(int version) implements Schema {
    /** Why it is refused and what to do, for people. */
    public String reason() {
      return "The database has schema version %d, made by a newer Stoker; this build knows versions up to %d. Start the newer build, or restore the database as it was before the upgrade. Nothing was changed."
          .formatted(version, KNOWN_VERSION);
    }
  }

  /**
   * @param version zero where there is no table yet
   */
  static Schema of(int version) {
    if (version > KNOWN_VERSION) {
      return new Newer(version);
    }
    return version < KNOWN_VERSION ? new Older(version) : new Known();
  }
}

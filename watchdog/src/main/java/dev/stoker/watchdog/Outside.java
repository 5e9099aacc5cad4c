package dev.stoker.watchdog;

import java.time.Duration;

/** Whom the supervision tells what; nothing here may wait. */
interface Outside {

  /** Another watchdog looks after the same slots: this process must end. */
  void yieldTo(Rival rival);

  /** It is known what runs, or that this cannot be known for now. */
  void ready();

  /**
   * Some slot is in another state than before.
   *
   * @param story how each is, in one line
   */
  void changed(String story);

  /**
   * A tick is complete.
   *
   * @param well whether no slot waits for a person
   */
  void ticked(boolean well);

  /** This process stood still for so long, and with it probably the host. */
  void stoodStill(Duration length);

  /** The database has not answered for so long. */
  void blind(Duration length);

  /** A tick failed; the next one comes all the same. */
  void failed(Throwable cause);
}

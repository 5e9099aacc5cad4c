package dev.stoker.logging;

import io.sentry.DataCategory;
import io.sentry.Hint;
import io.sentry.Sentry;
import io.sentry.SentryEvent;
import io.sentry.SentryOptions;
import io.sentry.protocol.Message;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The last that an event passes on its way out: it is given a fingerprint, and may be one too many.
 */
final class EventGate implements SentryOptions.BeforeSendCallback {

  /** In the hint of an event that is never held back. */
  static final String ALWAYS = "stoker:always";

  private static final String OWN_CODE = "dev.stoker.";
  private static final int CAUSES_MAX = 20;

  private final EventThrottle throttle;

  EventGate(EventThrottle throttle) {
    this.throttle = throttle;
  }

  @Override
  public SentryEvent execute(SentryEvent event, Hint hint) {
    if (isNullOrEmpty(event.getFingerprints())) {
      event.setFingerprints(fingerprint(event));
    }
    if (!Boolean.TRUE.equals(hint.get(ALWAYS))) {
      OptionalInt heldBack = throttle.admit(event.getFingerprints());
      if (heldBack.isEmpty()) {
        return null;
      }
      if (heldBack.getAsInt() > 0) {
        event.setTag("suppressed", Integer.toString(heldBack.getAsInt()));
      }
    }
    if (refused()) {
      // The SDK then drops the event, but would still send its attachments, alone.
      hint.clearAttachments();
    }
    return event;
  }

  private static boolean isNullOrEmpty(List<String> fingerprint) {
    return fingerprint == null || fingerprint.isEmpty();
  }

  /** Whether the server has said that it takes no events for now. */
  private static boolean refused() {
    return Optional.ofNullable(Sentry.getCurrentScopes().getRateLimiter())
        .filter(limiter -> limiter.isActiveForCategory(DataCategory.Error))
        .isPresent();
  }

  /** Of one place in the code, whatever ids and numbers its message holds. */
  private static List<String> fingerprint(SentryEvent event) {
    List<String> parts = new ArrayList<>();
    Optional.ofNullable(event.getLogger()).ifPresent(parts::add);
    Optional.ofNullable(event.getMessage()).map(Message::getMessage).ifPresent(parts::add);
    Optional.ofNullable(event.getThrowable())
        .map(EventGate::root)
        .ifPresent(
            thrown -> {
              parts.add(thrown.getClass().getName());
              place(thrown).ifPresent(parts::add);
            });
    return parts;
  }

  private static Throwable root(Throwable thrown) {
    return Stream.iterate(thrown, Objects::nonNull, Throwable::getCause)
        .limit(CAUSES_MAX) // they may go round in a circle
        .reduce(thrown, (_, cause) -> cause);
  }

  /** Without the line number, which any change above it moves. */
  private static Optional<String> place(Throwable thrown) {
    return Arrays.stream(thrown.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith(OWN_CODE))
        .findFirst()
        .map(frame -> frame.getClassName() + "." + frame.getMethodName());
  }
}

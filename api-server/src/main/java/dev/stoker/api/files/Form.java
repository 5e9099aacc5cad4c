package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.file.FilePurpose;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The text fields of an upload and the file's name, in whatever order they came. */
final class Form {
  static final Duration EXPIRES_MIN = Duration.ofHours(1);
  static final Duration EXPIRES_MAX = Duration.ofDays(30);
  private static final Duration BATCH_INPUT_KEPT = Duration.ofDays(30);
  private static final int FILENAME_CHARS_MAX = 255;
  private static final String ANCHOR = "expires_after[anchor]";
  private static final String SECONDS = "expires_after[seconds]";

  private final Map<String, String> fields = new HashMap<>();
  private String filename = "";
  private boolean fileSeen;

  /** A field that no rule mentions does no harm. */
  void put(String name, String value) {
    if (name.equals("purpose") && FilePurpose.ofWireName(value).isEmpty()) {
      throw ApiErrors.unknownPurpose(value, FilePurpose.uploadableNames());
    }
    fields.put(name, value);
  }

  /** A file part begins. OpenAI's Java SDK sends none of its name when it sends bytes. */
  void file(Optional<String> name) {
    if (fileSeen) {
      throw ApiErrors.invalidValue("file", "only one file may be uploaded at a time.");
    }
    fileSeen = true;
    filename = name.orElse("");
  }

  /** Whether it is known already that this is a batch's input. */
  boolean isBatchInput() {
    return FilePurpose.BATCH.wireName().equals(fields.get("purpose"));
  }

  /** Called once the form has ended. */
  void check() {
    purpose();
    if (!fileSeen) {
      throw ApiErrors.missing("file");
    }
    expiresAfter();
  }

  FilePurpose purpose() {
    String name = fields.get("purpose");
    if (name == null) {
      throw ApiErrors.missing("purpose");
    }
    if (!FilePurpose.uploadableNames().contains(name)) {
      throw ApiErrors.unknownPurpose(name, FilePurpose.uploadableNames());
    }
    return FilePurpose.ofWireName(name).orElseThrow();
  }

  /** The last part of the path that some clients send, without what would spoil a header. */
  String filename() {
    String last =
        filename.substring(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
    String clean =
        last.codePoints()
            .filter(c -> !Character.isISOControl(c))
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    String shown = clean.isBlank() ? "upload" : clean;
    return shown.length() <= FILENAME_CHARS_MAX ? shown : shown.substring(0, FILENAME_CHARS_MAX);
  }

  /** How long after its creation the file expires; empty if never. */
  Optional<Duration> expiresAfter() {
    String anchor = fields.get(ANCHOR);
    String seconds = fields.get(SECONDS);
    if (anchor == null && seconds == null) {
      return Optional.of(BATCH_INPUT_KEPT).filter(_ -> purpose() == FilePurpose.BATCH);
    }
    if (anchor == null) {
      throw ApiErrors.missing("expires_after.anchor");
    }
    if (seconds == null) {
      throw ApiErrors.missing("expires_after.seconds");
    }
    if (!anchor.equals("created_at")) {
      throw ApiErrors.unsupportedValue("expires_after.anchor", anchor, List.of("created_at"));
    }
    return Optional.of(Duration.ofSeconds(expirySeconds(seconds)));
  }

  private static long expirySeconds(String text) {
    long seconds;
    try {
      seconds = Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw ApiErrors.wrongType("expires_after.seconds", "an integer", "a string");
    }
    if (seconds < EXPIRES_MIN.toSeconds()) {
      throw ApiErrors.belowMin("expires_after.seconds", EXPIRES_MIN.toSeconds(), seconds);
    }
    if (seconds > EXPIRES_MAX.toSeconds()) {
      throw ApiErrors.aboveMax("expires_after.seconds", EXPIRES_MAX.toSeconds(), seconds);
    }
    return seconds;
  }
}

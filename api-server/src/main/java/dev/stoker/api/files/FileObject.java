package dev.stoker.api.files;

/**
 * A file as the API shows it.
 *
 * @param expiresAt null if it never does
 * @param statusDetails always null; OpenAI has deprecated it and still sends it
 */
record FileObject(
    String id,
    String object,
    long bytes,
    long createdAt,
    Long expiresAt,
    String filename,
    String purpose,
    String status,
    String statusDetails) {

  static FileObject of(FileRow row) {
    return new FileObject(
        row.id().toString(),
        "file",
        row.bytes(),
        row.createdAt().getEpochSecond(),
        row.expiresAt().map(java.time.Instant::getEpochSecond).orElse(null),
        row.filename(),
        row.purpose().wireName(),
        row.status(),
        null);
  }
}

package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.file.FileId;
import dev.stoker.line.LineCheck;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** One upload under way. */
final class Upload implements AutoCloseable {
  private static final int FIELD_BYTES_MAX = 4096;
  private static final int CHUNK_BYTES = 1 << 16;

  private final FileId id;
  private final UploadSettings settings;
  private final Form form = new Form();
  private final PartWriter writer;
  private final PartCutter cutter;
  private final MessageDigest digest = sha256();
  private long bytes;

  Upload(FileId id, UploadSettings settings, LineCheck check, FilePartTable table) {
    this.id = id;
    this.settings = settings;
    this.writer = new PartWriter(id, table);
    this.cutter = new PartCutter(check, settings.lineBytesMax(), writer, writer.spares());
  }

  FileId id() {
    return id;
  }

  /** Takes one part of the form. */
  void take(MultipartForm.Item item) throws IOException {
    if (item.field().equals("file")) {
      form.file(item.filename());
      takeFile(item.body());
    } else {
      form.put(item.field(), text(item.field(), item.body()));
    }
  }

  private void takeFile(InputStream body) throws IOException {
    byte[] chunk = new byte[CHUNK_BYTES];
    for (int read = body.read(chunk); read >= 0; read = body.read(chunk)) {
      bytes += read;
      if (bytes > settings.bytesMax()) {
        throw ApiErrors.fileTooLarge(settings.bytesMax());
      }
      digest.update(chunk, 0, read);
      cutter.write(chunk, 0, read);
      refuseUnreadable();
    }
    cutter.end();
  }

  /** As early as the purpose is known. */
  private void refuseUnreadable() {
    if (cutter.unreadable() && form.isBatchInput()) {
      throw ApiErrors.notJsonl();
    }
  }

  private static String text(String name, InputStream body) throws IOException {
    byte[] value = body.readNBytes(FIELD_BYTES_MAX + 1);
    if (value.length > FIELD_BYTES_MAX) {
      throw ApiErrors.invalidValue(name, "the field is too long.");
    }
    return new String(value, StandardCharsets.UTF_8);
  }

  /** The form has ended: everything it holds is stored, or the upload is refused. */
  void finish() {
    form.check();
    refuseUnreadable();
    writer.finish();
  }

  void complete(FileRow row) {
    row.complete(form, bytes, cutter.requests(), digest.digest());
  }

  @Override
  public void close() {
    writer.close();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.file.FileId;
import dev.stoker.id.OrderedIds;
import dev.stoker.line.LineCheck;
import jakarta.persistence.EntityManager;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionTemplate;

/** Receives multipart forms and makes files of them. */
final class Uploads {
  /** What the form may weigh beside the file: its boundaries, headers and fields. */
  private static final long FORM_BYTES_MAX = 1 << 20;

  private static final Logger log = LoggerFactory.getLogger(Uploads.class);

  private final UploadSettings settings;
  private final FilePartTable parts;
  private final FileRepository files;
  private final EntityManager entities;
  private final TransactionTemplate transaction;
  private final OrderedIds ids;
  private final LineCheck check = new LineCheck();

  Uploads(
      UploadSettings settings,
      FilePartTable parts,
      FileRepository files,
      EntityManager entities,
      TransactionTemplate transaction,
      OrderedIds ids) {
    this.settings = settings;
    this.parts = parts;
    this.files = files;
    this.entities = entities;
    this.transaction = transaction;
    this.ids = ids;
  }

  FileRow receive(HttpServletRequest request) throws IOException {
    MultipartForm form = open(request);
    FileId id = begin();
    boolean complete = false;
    try (Upload upload = new Upload(id, settings, check, parts)) {
      readAll(form, upload);
      upload.finish();
      FileRow row = complete(upload);
      complete = true;
      return row;
    } finally {
      if (!complete) {
        discard(id);
      }
    }
  }

  private MultipartForm open(HttpServletRequest request) throws IOException {
    MultipartForm form = MultipartForm.of(request);
    if (request.getContentLengthLong() - FORM_BYTES_MAX > settings.bytesMax()) {
      throw ApiErrors.fileTooLarge(settings.bytesMax());
    }
    return form;
  }

  private static void readAll(MultipartForm form, Upload upload) throws IOException {
    for (var item = form.next(); item.isPresent(); item = form.next()) {
      upload.take(item.get());
    }
  }

  private FileId begin() {
    FileId id = new FileId(ids.next());
    transaction.executeWithoutResult(_ -> entities.persist(new FileRow(id, files.databaseTime())));
    return id;
  }

  private FileRow complete(Upload upload) {
    return transaction.execute(
        _ -> {
          FileRow row =
              files.uploading(upload.id().value()).orElseThrow(() -> new UploadLost(upload.id()));
          upload.complete(row);
          return row;
        });
  }

  /** Where this fails the sweeper does it later. */
  private void discard(FileId id) {
    try {
      parts.discard(id);
    } catch (RuntimeException e) {
      log.warn("the remains of the upload {} are left to the sweeper: {}", id, e.toString());
    }
  }
}

package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.api.error.ApiException;
import dev.stoker.file.FileId;
import dev.stoker.id.OrderedIds;
import dev.stoker.line.LineCheck;
import jakarta.persistence.EntityManager;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.commons.fileupload2.core.FileItemInputIterator;
import org.apache.commons.fileupload2.core.FileUploadException;
import org.apache.commons.fileupload2.jakarta.servlet6.JakartaServletFileUpload;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionTemplate;

/** Receives multipart forms and makes files of them. */
final class Uploads {
  /** What the form may weigh beside the file: its boundaries, headers and fields. */
  private static final long FORM_BYTES_MAX = 1 << 20;

  private static final int FORM_PARTS_MAX = 32;
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
    FileItemInputIterator items = open(request);
    FileId id = begin();
    boolean complete = false;
    try (Upload upload = new Upload(id, settings, check, parts)) {
      readAll(items, upload);
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

  private FileItemInputIterator open(HttpServletRequest request) throws IOException {
    if (!JakartaServletFileUpload.isMultipartContent(request)) {
      throw ApiErrors.notMultipart();
    }
    if (request.getContentLengthLong() - FORM_BYTES_MAX > settings.bytesMax()) {
      throw ApiErrors.fileTooLarge(settings.bytesMax());
    }
    var upload = new JakartaServletFileUpload<>();
    upload.setHeaderCharset(StandardCharsets.UTF_8);
    try {
      return upload.getItemIterator(request);
    } catch (FileUploadException e) {
      throw ApiErrors.notMultipart();
    }
  }

  private static void readAll(FileItemInputIterator items, Upload upload) throws IOException {
    try {
      for (int count = 0; items.hasNext(); count++) {
        if (count == FORM_PARTS_MAX) {
          throw ApiErrors.brokenMultipart();
        }
        upload.take(items.next());
      }
    } catch (FileUploadException e) {
      throw broken(e);
    }
  }

  /** The parser wraps what the connection did to it: that is no fault of the form. */
  private static ApiException broken(FileUploadException e) throws IOException {
    if (e.getCause() instanceof IOException cause && !(cause instanceof FileUploadException)) {
      throw cause;
    }
    return ApiErrors.brokenMultipart();
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

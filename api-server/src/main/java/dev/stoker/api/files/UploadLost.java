package dev.stoker.api.files;

import dev.stoker.file.FileId;

/** An upload whose row is gone, because it stood still for too long. */
final class UploadLost extends RuntimeException {
  private static final long serialVersionUID = 1;

  UploadLost(FileId file) {
    super("the upload of " + file + " was swept away");
  }
}

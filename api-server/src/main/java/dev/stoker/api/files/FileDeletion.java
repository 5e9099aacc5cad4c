package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.file.FileId;
import dev.stoker.loop.Loop;
import org.springframework.transaction.support.TransactionTemplate;

/** Deletes a file unless a batch needs it. */
final class FileDeletion {
  private final FileRepository files;
  private final FileUseTable use;
  private final TransactionTemplate transaction;
  private final Loop sweeper;

  FileDeletion(
      FileRepository files, FileUseTable use, TransactionTemplate transaction, Loop sweeper) {
    this.files = files;
    this.use = use;
    this.transaction = transaction;
    this.sweeper = sweeper;
  }

  void delete(FileId id) {
    transaction.executeWithoutResult(_ -> deleteLocked(id));
    sweeper.wake();
  }

  /** A batch locks its file before it is stored, so a look after the lock cannot miss it. */
  private void deleteLocked(FileId id) {
    FileRow row =
        files.lockForDeletion(id.value()).orElseThrow(() -> ApiErrors.noSuchFile(id.toString()));
    use.user(id)
        .ifPresent(
            batch -> {
              throw ApiErrors.fileInUse(id.toString(), batch.toString());
            });
    files.delete(row);
  }
}

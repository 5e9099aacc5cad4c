package dev.stoker.api.files;

import dev.stoker.api.files.FilePartTable.Content;
import dev.stoker.file.FileId;
import java.util.List;

/** An uploaded file, byte for byte. */
final class UploadedPages implements Pages {
  private final FilePartTable parts;
  private final FileId file;
  private final int bytesMax;
  private int lastOrdinal = -1;

  UploadedPages(FilePartTable parts, FileId file, int bytesMax) {
    this.parts = parts;
    this.file = file;
    this.bytesMax = bytesMax;
  }

  @Override
  public List<byte[]> next() {
    List<Content> page = parts.page(file, lastOrdinal, bytesMax);
    if (!page.isEmpty()) {
      lastOrdinal = page.getLast().ordinal();
    }
    return page.stream().map(Content::bytes).toList();
  }
}

package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.api.http.ListPage;
import dev.stoker.api.http.QueryParameters;
import dev.stoker.file.FileId;
import dev.stoker.file.FilePurpose;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Lists, shows and deletes files. */
@RestController
final class FilesController {
  private static final int PAGE_MAX = 10_000;

  private final FileRepository files;
  private final FileDeletion deletion;

  FilesController(FileRepository files, FileDeletion deletion) {
    this.files = files;
    this.deletion = deletion;
  }

  @GetMapping({"/v1/files", "/files"})
  ListPage<FileObject> list(
      @RequestParam(required = false) String after,
      @RequestParam(required = false) String limit,
      @RequestParam(required = false) String order,
      @RequestParam(required = false) String purpose) {
    int size = QueryParameters.limit(limit, PAGE_MAX, PAGE_MAX);
    List<FileRow> rows = page(purposes(purpose), after, QueryParameters.ascending(order), size + 1);
    return ListPage.of(rows.stream().map(FileObject::of).toList(), size, FileObject::id);
  }

  private List<FileRow> page(
      Collection<String> purposes, String after, boolean ascending, int rows) {
    var cursor = QueryParameters.after(after, text -> FileId.parse(text).map(FileId::value));
    if (purposes.isEmpty()) {
      return List.of();
    }
    UUID start = cursor.orElse(ascending ? QueryParameters.ID_MIN : QueryParameters.ID_MAX);
    return ascending
        ? files.oldestFirst(purposes, start, rows)
        : files.newestFirst(purposes, start, rows);
  }

  /** A purpose that there is not has no files. */
  private static Collection<String> purposes(String name) {
    return Arrays.stream(FilePurpose.values())
        .map(FilePurpose::wireName)
        .filter(purpose -> QueryParameters.absent(name) || purpose.equals(name))
        .toList();
  }

  @GetMapping({"/v1/files/{id}", "/files/{id}"})
  FileObject get(@PathVariable String id) {
    return FileId.parse(id)
        .flatMap(file -> files.visible(file.value()))
        .map(FileObject::of)
        .orElseThrow(() -> ApiErrors.noSuchFile(id));
  }

  @DeleteMapping({"/v1/files/{id}", "/files/{id}"})
  DeletedObject delete(@PathVariable String id) {
    FileId file = FileId.parse(id).orElseThrow(() -> ApiErrors.noSuchFile(id));
    deletion.delete(file);
    return new DeletedObject(id, "file", true);
  }
}

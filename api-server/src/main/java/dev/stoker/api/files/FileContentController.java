package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.api.files.FilePartTable.Piece;
import dev.stoker.batch.BatchId;
import dev.stoker.file.FileId;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.LongFunction;
import org.springframework.http.ContentDisposition;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/**
 * Gives files back. While a page is written the next one is read, and its connection returned: a
 * slow client costs two pages of memory and nothing of the database. If the file is deleted
 * meanwhile the connection breaks, and the announced length tells the client so.
 */
@RestController
final class FileContentController {
  private static final int PAGE_BYTES = 1 << 20;

  private final FileRepository files;
  private final FilePartTable parts;
  private final ResultTable results;

  FileContentController(FileRepository files, FilePartTable parts, ResultTable results) {
    this.files = files;
    this.parts = parts;
    this.results = results;
  }

  @GetMapping({"/v1/files/{id}/content", "/files/{id}/content"})
  void content(@PathVariable String id, HttpServletResponse response) throws IOException {
    FileRow file =
        FileId.parse(id)
            .flatMap(parsed -> files.visible(parsed.value()))
            .orElseThrow(() -> ApiErrors.noSuchFile(id));
    if (!file.purpose().downloadable()) {
      throw ApiErrors.noDownload(file.purpose().wireName());
    }
    response.setContentType(
        file.batch().isPresent() ? "application/jsonl" : "application/octet-stream");
    response.setContentLengthLong(file.bytes());
    response.setHeader("Content-Disposition", disposition(file.filename()));
    long written = write(file, response.getOutputStream());
    if (written != file.bytes()) {
      throw new IllegalStateException(
          "%s has %d bytes, %d could be read".formatted(id, file.bytes(), written));
    }
  }

  private static String disposition(String filename) {
    boolean plain = filename.chars().allMatch(c -> c >= ' ' && c < 0x7F);
    ContentDisposition.Builder header = ContentDisposition.attachment();
    return plain
        ? header.filename(filename).build().toString()
        : header.filename(filename, StandardCharsets.UTF_8).build().toString();
  }

  private long write(FileRow file, OutputStream out) throws IOException {
    if (file.batch().isPresent()) {
      BatchId batch = file.batch().get();
      boolean succeeded = file.holdsSuccesses();
      return write(after -> results.page(batch, succeeded, after, PAGE_BYTES), "\n", out);
    }
    return write(after -> parts.page(file.id(), after, PAGE_BYTES), "", out);
  }

  private static long write(LongFunction<List<Piece>> pages, String ending, OutputStream out)
      throws IOException {
    byte[] end = ending.getBytes(StandardCharsets.UTF_8);
    long written = 0;
    List<Piece> page = pages.apply(-1);
    while (!page.isEmpty()) {
      Future<List<Piece>> next = reading(pages, page.getLast().key());
      for (Piece piece : page) {
        out.write(piece.bytes());
        out.write(end);
        written += piece.bytes().length + end.length;
      }
      page = Awaited.of(next);
    }
    return written;
  }

  private static Future<List<Piece>> reading(LongFunction<List<Piece>> pages, long after) {
    FutureTask<List<Piece>> page = new FutureTask<>(() -> pages.apply(after));
    Thread.ofVirtual().name("page-reader").start(page);
    return page;
  }
}

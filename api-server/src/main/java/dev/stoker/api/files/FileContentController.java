package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.file.FileId;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
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
    long written = write(pages(file), response.getOutputStream());
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

  private Pages pages(FileRow file) {
    return file.batch()
        .<Pages>map(batch -> new ResultPages(results, batch, file.holdsSuccesses(), PAGE_BYTES))
        .orElseGet(() -> new UploadedPages(parts, file.id(), PAGE_BYTES));
  }

  private static long write(Pages pages, OutputStream out) throws IOException {
    long written = 0;
    List<byte[]> page = pages.next();
    while (!page.isEmpty()) {
      Future<List<byte[]>> next = reading(pages);
      for (byte[] bytes : page) {
        out.write(bytes);
        written += bytes.length;
      }
      page = Awaited.of(next);
    }
    return written;
  }

  private static Future<List<byte[]>> reading(Pages pages) {
    FutureTask<List<byte[]>> page = new FutureTask<>(pages::next);
    Thread.ofVirtual().name("page-reader").start(page);
    return page;
  }
}

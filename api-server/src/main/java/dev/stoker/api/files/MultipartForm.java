package dev.stoker.api.files;

import dev.stoker.api.error.ApiErrors;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.commons.fileupload2.core.FileItemHeaders;
import org.apache.commons.fileupload2.jakarta.servlet6.JakartaServletFileUpload;

/**
 * The parts of a multipart form, one after the other, while they arrive. Headers are left to the
 * library. Where a part ends is looked for here: the library looks at every byte, which was a third
 * of what an upload cost.
 */
final class MultipartForm {

  /**
   * One part.
   *
   * @param filename empty if the part has none
   * @param body valid until the next part is asked for
   */
  record Item(String field, Optional<String> filename, InputStream body) {}

  private static final int HEADER_BYTES_MAX = 8192;
  private static final int PARTS_MAX = 32;
  private static final byte[] HEADERS_END = ascii("\r\n\r\n");

  private final JakartaServletFileUpload<?, ?> headers = new JakartaServletFileUpload<>();
  private final DelimitedInput input;
  private final byte[] delimiter;
  private int parts;
  private boolean ended;

  private MultipartForm(InputStream input, byte[] boundary) {
    this.delimiter = ascii("\r\n--" + new String(boundary, StandardCharsets.ISO_8859_1));
    // As if a line had ended before the form: its first delimiter is then like all others.
    this.input = new DelimitedInput(input, ascii("\r\n"));
  }

  /**
   * @throws dev.stoker.api.error.ApiException if the request says of itself that it is no form
   */
  static MultipartForm of(HttpServletRequest request) throws IOException {
    if (!JakartaServletFileUpload.isMultipartContent(request)) {
      throw ApiErrors.notMultipart();
    }
    byte[] boundary = new JakartaServletFileUpload<>().getBoundary(request.getContentType());
    if (boundary == null || boundary.length == 0) {
      throw ApiErrors.notMultipart();
    }
    return new MultipartForm(request.getInputStream(), boundary);
  }

  /**
   * The next part that has a name; empty at the end of the form.
   *
   * @throws dev.stoker.api.error.ApiException if the form is broken, as when it ends too early
   */
  Optional<Item> next() throws IOException {
    while (!ended) {
      input.skipPast(delimiter);
      ended = lastDelimiter();
      if (!ended) {
        Optional<Item> item = item();
        if (item.isPresent()) {
          return item;
        }
      }
    }
    return Optional.empty();
  }

  /** What follows a delimiter: two dashes if it was the last one, else the end of its line. */
  private boolean lastDelimiter() throws IOException {
    byte[] two = input.peek(2);
    if (two[0] == '-' && two[1] == '-') {
      return true;
    }
    if (two[0] != '\r' || two[1] != '\n' || ++parts > PARTS_MAX) {
      throw ApiErrors.brokenMultipart();
    }
    return false;
  }

  private Optional<Item> item() throws IOException {
    // The end of the delimiter's line is still there: a part may have no headers before the empty
    // line.
    byte[] head = input.until(HEADERS_END).readNBytes(HEADER_BYTES_MAX + 1);
    if (head.length > HEADER_BYTES_MAX) {
      throw ApiErrors.brokenMultipart();
    }
    input.skipPast(HEADERS_END);
    try {
      return item(
          headers.getParsedHeaders(new String(head, StandardCharsets.UTF_8).strip() + "\r\n\r\n"));
    } catch (IllegalArgumentException e) { // such as base64 in a name that is none
      throw ApiErrors.brokenMultipart();
    }
  }

  private Optional<Item> item(FileItemHeaders parsed) {
    return Optional.ofNullable(headers.getFieldName(parsed))
        .map(
            field ->
                new Item(
                    field,
                    Optional.ofNullable(headers.getFileName(parsed)),
                    input.until(delimiter)));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}

package dev.stoker.api;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A multipart form written by hand, as no client library would. */
public final class Multipart {
  private static final String BOUNDARY = "----stoker'test_(1)";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  public Multipart text(String name, String value) {
    return part("Content-Disposition: form-data; name=\"" + name + "\"", value);
  }

  /** As OpenAI's Java SDK writes it. */
  public Multipart typedText(String name, String value) {
    return part(
        "Content-Disposition: form-data; name=\""
            + name
            + "\"\r\nContent-Type: text/plain; charset=utf-8",
        value);
  }

  public Multipart file(String filename, byte[] content) {
    return part(
        "Content-Disposition: form-data; name=\"file\"; filename=\""
            + filename
            + "\"\r\nContent-Type: application/octet-stream",
        content);
  }

  public Multipart namelessFile(byte[] content) {
    return part(
        "Content-Disposition: form-data; name=\"file\"\r\nContent-Type: application/octet-stream",
        content);
  }

  private Multipart part(String headers, String value) {
    return part(headers, value.getBytes(StandardCharsets.UTF_8));
  }

  private Multipart part(String headers, byte[] value) {
    write("--" + BOUNDARY + "\r\n" + headers + "\r\n\r\n");
    out.writeBytes(value);
    write("\r\n");
    return this;
  }

  public byte[] bytes() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(out.toByteArray());
    whole.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
    return whole.toByteArray();
  }

  public String contentType() {
    return "multipart/form-data; boundary=\"" + BOUNDARY + "\"";
  }

  private void write(String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}

package dev.stoker.api.files;

import dev.stoker.api.error.ApiException;
import dev.stoker.api.http.LingeringClose;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Takes files in. */
@RestController
final class UploadController {
  private final Uploads uploads;
  private final JsonMapper json;

  UploadController(Uploads uploads, JsonMapper json) {
    this.uploads = uploads;
    this.json = json;
  }

  @PostMapping({"/v1/files", "/files"})
  FileObject upload(HttpServletRequest request, HttpServletResponse response) throws IOException {
    try {
      return FileObject.of(uploads.receive(request));
    } catch (ApiException e) {
      refuse(e, request, response);
      return null;
    }
  }

  /** Says why while the client is still sending. */
  private void refuse(ApiException error, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    byte[] body = json.writeValueAsBytes(error.response().getBody());
    response.setStatus(error.response().getStatusCode().value());
    response.setContentType("application/json");
    response.setHeader("Connection", "close");
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
    LingeringClose.drain(request, response);
  }
}

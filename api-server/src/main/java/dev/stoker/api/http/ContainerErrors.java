package dev.stoker.api.http;

import dev.stoker.line.Json;
import java.io.IOException;
import java.io.Writer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.coyote.ActionCode;
import org.springframework.http.HttpStatus;

/**
 * The body of an error that Tomcat finds before any servlet runs, such as a request line that is
 * none. Public, since Tomcat makes it by its name.
 */
public final class ContainerErrors extends ErrorReportValve {

  @Override
  protected void report(Request request, Response response, Throwable thrown) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    AtomicBoolean writable = new AtomicBoolean();
    response.getCoyoteResponse().action(ActionCode.IS_IO_ALLOWED, writable);
    if (writable.get()) {
      write(response, status);
    }
  }

  private void write(Response response, int status) {
    try {
      if (response.getHeader(RequestIds.HEADER) == null) {
        response.setHeader(RequestIds.HEADER, RequestIds.next());
      }
      response.setContentType("application/json");
      response.setCharacterEncoding("UTF-8");
      Writer writer = response.getReporter();
      if (writer != null) {
        writer.write(body(status));
        response.finishResponse();
      }
    } catch (IOException e) {
      container.getLogger().debug("the client is gone", e);
    }
  }

  private static String body(int status) {
    HttpStatus known = HttpStatus.resolve(status);
    String message = known == null ? "The request was refused." : known.getReasonPhrase() + ".";
    return Json.error(message, status < 500 ? "invalid_request_error" : "server_error", "", "");
  }
}

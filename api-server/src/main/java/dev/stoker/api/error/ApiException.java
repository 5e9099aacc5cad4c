package dev.stoker.api.error;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** An error that the client shall see; {@link ApiErrors} makes them all. */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient ResponseEntity<ErrorBody> response;

  ApiException(HttpStatus status, ErrorBody.Content content, HttpHeaders headers) {
    super(content.message(), null, false, false);
    this.response =
        ResponseEntity.status(status)
            .headers(headers)
            .contentType(MediaType.APPLICATION_JSON)
            .body(new ErrorBody(content));
  }

  ApiException(HttpStatus status, ErrorBody.Content content) {
    this(status, content, new HttpHeaders());
  }

  /** The whole answer. */
  public ResponseEntity<ErrorBody> response() {
    return response;
  }
}

package dev.stoker.api.error;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.ErrorResponse;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.servlet.NoHandlerFoundException;
import org.springframework.web.util.DisconnectedClientHelper;

/**
 * Makes a response of whatever is thrown. Where a response has begun already, it throws again: the
 * server then breaks the connection, so that nobody takes the part for the whole.
 */
@RestControllerAdvice
public final class ErrorAdvice {
  /** Under which {@code RequestIds} keeps the id of a request. */
  public static final String REQUEST_ID = "stoker.request_id";

  private static final Logger log = LoggerFactory.getLogger(ErrorAdvice.class);

  @ExceptionHandler
  ResponseEntity<ErrorBody> handle(
      Exception thrown, HttpServletRequest request, HttpServletResponse response) throws Exception {
    boolean gone = gone(thrown);
    if (response.isCommitted()) {
      throw gone ? thrown : cutShort(thrown, request);
    }
    ApiException answer = gone ? clientGone(thrown, request) : answer(thrown, request);
    forget(response, request);
    return answer.response();
  }

  private static CutShort cutShort(Exception thrown, HttpServletRequest request) {
    report(thrown, request);
    return new CutShort();
  }

  /** Nobody is likely to read it; but whoever does must not take it for a success. */
  private static ApiException clientGone(Exception thrown, HttpServletRequest request) {
    log.debug("{} {}: the client is gone", request.getMethod(), request.getRequestURI(), thrown);
    return ApiErrors.unexpected(requestId(request));
  }

  /** A response that was about to succeed has headers, such as a length, that are wrong now. */
  private static void forget(HttpServletResponse response, HttpServletRequest request) {
    response.reset();
    response.setHeader("x-request-id", requestId(request));
  }

  private static String requestId(HttpServletRequest request) {
    return String.valueOf(request.getAttribute(REQUEST_ID));
  }

  /** Spring looks for the words with which a socket breaks, and the database has sockets too. */
  private static boolean gone(Exception thrown) {
    return DatabaseFaults.first(thrown).isEmpty()
        && (thrown instanceof IOException
            || DisconnectedClientHelper.isClientDisconnectedException(thrown));
  }

  private static ApiException answer(Exception thrown, HttpServletRequest request) {
    return switch (thrown) {
      case ApiException error -> error;
      case NoHandlerFoundException _ -> unknownRoute(request);
      case HttpRequestMethodNotSupportedException e -> wrongMethod(e, request);
      case InvalidParameterException _ -> ApiErrors.refused(HttpStatus.BAD_REQUEST);
      case ErrorResponse e when e.getStatusCode().is4xxClientError() -> refused(e);
      case Exception e when DatabaseFaults.unreachable(e) -> databaseDown(e, request);
      default -> unexpected(thrown, request);
    };
  }

  private static ApiException unknownRoute(HttpServletRequest request) {
    return ApiErrors.unknownRoute(request.getMethod(), request.getRequestURI());
  }

  private static ApiException wrongMethod(
      HttpRequestMethodNotSupportedException thrown, HttpServletRequest request) {
    String[] supported = thrown.getSupportedMethods();
    return ApiErrors.wrongMethod(
        request.getMethod(),
        request.getRequestURI(),
        supported == null ? List.of() : Arrays.stream(supported).sorted().toList());
  }

  private static ApiException refused(ErrorResponse thrown) {
    HttpStatus status = HttpStatus.resolve(thrown.getStatusCode().value());
    return ApiErrors.refused(status == null ? HttpStatus.BAD_REQUEST : status);
  }

  private static ApiException databaseDown(Exception thrown, HttpServletRequest request) {
    log.warn(
        "{} {}: the database cannot be reached: {}",
        request.getMethod(),
        request.getRequestURI(),
        thrown.toString());
    return ApiErrors.databaseDown();
  }

  private static ApiException unexpected(Exception thrown, HttpServletRequest request) {
    report(thrown, request);
    return ApiErrors.unexpected(requestId(request));
  }

  private static void report(Exception thrown, HttpServletRequest request) {
    log.error(
        "{} {} failed, request id {}",
        request.getMethod(),
        request.getRequestURI(),
        requestId(request),
        thrown);
  }
}

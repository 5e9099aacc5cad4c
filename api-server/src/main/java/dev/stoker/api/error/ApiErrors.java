package dev.stoker.api.error;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;

/** Every error that Stoker returns on purpose. */
public final class ApiErrors {
  private static final String INVALID = "invalid_request_error";

  private ApiErrors() {}

  public static ApiException unparseableBody() {
    return invalid(
        null,
        null,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't"
            + " using your HTTP library correctly. The OpenAI API expects a JSON payload, but what"
            + " was sent was not valid JSON.)");
  }

  public static ApiException bodyTooLarge(long bytesMax) {
    return invalid(null, null, "The request body is larger than " + bytesMax + " bytes.");
  }

  public static ApiException missing(String param) {
    return invalid(
        param, "missing_required_parameter", "Missing required parameter: '" + param + "'.");
  }

  public static ApiException unsupportedValue(String param, String value, Collection<String> all) {
    String supported = all.stream().map(v -> "'" + v + "'").collect(Collectors.joining(", "));
    return invalid(
        param,
        "invalid_value",
        "Invalid value: '" + value + "'. Supported values are: " + supported + ".");
  }

  public static ApiException invalidValue(String param, String why) {
    return invalid(param, "invalid_value", "Invalid '" + param + "': " + why);
  }

  public static ApiException wrongType(String param, String expected, String got) {
    return invalid(
        param,
        "invalid_type",
        "Invalid type for '%s': expected %s, but got %s instead.".formatted(param, expected, got));
  }

  public static ApiException aboveMax(String param, long max, long got) {
    return invalid(
        param,
        "integer_above_max_value",
        "Invalid '%s': integer above maximum value. Expected a value <= %d, but got %d instead."
            .formatted(param, max, got));
  }

  public static ApiException belowMin(String param, long min, long got) {
    return invalid(
        param,
        "integer_below_min_value",
        "Invalid '%s': integer below minimum value. Expected a value >= %d, but got %d instead."
            .formatted(param, min, got));
  }

  public static ApiException tooManyProperties(String param, int max, int got) {
    return invalid(
        param,
        "object_above_max_properties",
        ("Invalid '%s': too many properties. Expected an object with at most %d properties, but"
                + " got an object with %d properties instead.")
            .formatted(param, max, got));
  }

  public static ApiException propertyNameTooLong(String param, int max, int got) {
    return invalid(
        param,
        "property_name_above_max_length",
        ("Invalid property name in '%s': name too long. Expected a name with maximum length %d, but"
                + " got a name with length %d instead.")
            .formatted(param, max, got));
  }

  public static ApiException tooLong(String param, int max, int got) {
    return invalid(
        param,
        "string_above_max_length",
        ("Invalid '%s': string too long. Expected a string with maximum length %d, but got a string"
                + " with length %d instead.")
            .formatted(param, max, got));
  }

  public static ApiException notMultipart() {
    return invalid(null, null, "The request body must be multipart/form-data with a boundary.");
  }

  public static ApiException brokenMultipart() {
    return invalid(null, null, "We could not parse the multipart body of your request.");
  }

  public static ApiException unknownPurpose(String purpose, Collection<String> names) {
    String all = names.stream().map(n -> "'" + n + "'").collect(Collectors.joining(", "));
    return invalid(
        "purpose", "invalid_value", "'" + purpose + "' is not one of [" + all + "] - 'purpose'");
  }

  public static ApiException notJsonl() {
    return invalid(null, null, "Invalid file format for Batch API. Must be .jsonl");
  }

  public static ApiException fileTooLarge(long bytesMax) {
    return invalid(
        null, null, "File is too large. The maximum is " + bytesMax + " bytes on this server.");
  }

  public static ApiException noSuchFile(String id) {
    return notFound("id", null, "No such File object: " + id);
  }

  public static ApiException noDownload(String purpose) {
    return invalid(null, null, "Not allowed to download files of purpose: " + purpose);
  }

  public static ApiException fileInUse(String file, String batch) {
    return conflict(
        "File "
            + file
            + " is in use by batch "
            + batch
            + ", which has not ended. Cancel it first.");
  }

  public static ApiException noSuchBatch(String id) {
    return notFound("id", null, "No batch found with id '" + id + "'.");
  }

  public static ApiException cannotCancel(String status) {
    return conflict("Cannot cancel a batch with status '" + status + "'.");
  }

  public static ApiException noSuchWorker(String id) {
    return notFound("id", null, "No worker slot found with id '" + id + "'.");
  }

  public static ApiException nothingToResume(String worker, String state) {
    return conflict(
        "Worker slot '%s' is in state '%s': there is nothing to resume.".formatted(worker, state));
  }

  /** A page of another site, in the browser of somebody who may reach this server. */
  public static ApiException foreignOrigin(String origin) {
    return new ApiException(
        HttpStatus.FORBIDDEN,
        new ErrorBody.Content(
            "Requests of web pages from '" + origin + "' are not accepted.", INVALID, null, null));
  }

  public static ApiException noSuchModel(String id) {
    return notFound("model", "model_not_found", "The model '" + id + "' does not exist.");
  }

  public static ApiException nothingToReset(String model, String state) {
    return conflict(
        "The model '%s' is in state '%s': there is nothing to reset.".formatted(model, state));
  }

  public static ApiException unknownRoute(String method, String path) {
    return notFound(null, "unknown_url", "Invalid URL (" + method + " " + path + ")");
  }

  public static ApiException wrongMethod(String method, String path, List<String> allowed) {
    HttpHeaders headers = new HttpHeaders();
    headers.set(HttpHeaders.ALLOW, String.join(", ", allowed));
    String message =
        "Not allowed to %s on %s. (HINT: Perhaps you meant to make your HTTP request using %s?)"
            .formatted(method, path, String.join(" or ", allowed));
    return new ApiException(
        HttpStatus.METHOD_NOT_ALLOWED,
        new ErrorBody.Content(message, INVALID, null, "method_not_supported"),
        headers);
  }

  /** No worker is there to run a batch. */
  public static ApiException noWorker(String reason, Duration retryAfter) {
    return new ApiException(
        HttpStatus.SERVICE_UNAVAILABLE,
        new ErrorBody.Content(reason, "service_unavailable", null, null),
        retryAfter(retryAfter));
  }

  public static ApiException databaseDown() {
    return new ApiException(
        HttpStatus.SERVICE_UNAVAILABLE,
        new ErrorBody.Content(
            "The database cannot be reached. Try again shortly.", "server_error", null, null),
        retryAfter(Duration.ofSeconds(5)));
  }

  public static ApiException unexpected(String requestId) {
    return new ApiException(
        HttpStatus.INTERNAL_SERVER_ERROR,
        new ErrorBody.Content(
            "The server had an error while processing your request. Its log tells more under the"
                + " request id "
                + requestId
                + ".",
            "server_error",
            null,
            null));
  }

  /** A fault that Spring or the servlet container found before any code of ours ran. */
  public static ApiException refused(HttpStatus status) {
    String type = status.is5xxServerError() ? "server_error" : INVALID;
    return new ApiException(
        status, new ErrorBody.Content(status.getReasonPhrase() + ".", type, null, null));
  }

  private static ApiException invalid(String param, String code, String message) {
    return new ApiException(
        HttpStatus.BAD_REQUEST, new ErrorBody.Content(message, INVALID, param, code));
  }

  private static ApiException notFound(String param, String code, String message) {
    return new ApiException(
        HttpStatus.NOT_FOUND, new ErrorBody.Content(message, INVALID, param, code));
  }

  /** SDKs send a 409 again unless told not to. */
  private static ApiException conflict(String message) {
    HttpHeaders headers = new HttpHeaders();
    headers.set("x-should-retry", "false");
    return new ApiException(
        HttpStatus.CONFLICT, new ErrorBody.Content(message, INVALID, null, null), headers);
  }

  /** Beyond 30 seconds some SDKs give up, others sleep for all of it. */
  private static HttpHeaders retryAfter(Duration delay) {
    HttpHeaders headers = new HttpHeaders();
    headers.set(HttpHeaders.RETRY_AFTER, Long.toString(Math.clamp(delay.toSeconds(), 1L, 30L)));
    return headers;
  }
}

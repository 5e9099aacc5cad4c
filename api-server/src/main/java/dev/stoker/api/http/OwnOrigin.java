package dev.stoker.api.http;

import dev.stoker.api.error.ApiErrors;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Set;
import org.springframework.http.HttpHeaders;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses what a web page of another site has sent to change something. Neither an upload nor a
 * request without a body needs leave of this server, so that otherwise any page that somebody opens
 * could fill their disk or restart their workers. What is no browser names no origin.
 */
final class OwnOrigin implements HandlerInterceptor {
  private static final Set<String> CHANGES = Set.of("POST", "PUT", "PATCH", "DELETE");

  /**
   * @throws dev.stoker.api.error.ApiException if another site's page has sent it
   */
  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (origin != null
        && CHANGES.contains(request.getMethod())
        && !sameOrigin(request)
        && !isOf(request.getHeader(HttpHeaders.HOST), origin)) {
      throw ApiErrors.foreignOrigin(origin);
    }
    return true;
  }

  /** Browsers say so themselves, and no page can; a proxy between may have changed the host. */
  private static boolean sameOrigin(HttpServletRequest request) {
    return "same-origin".equals(request.getHeader("Sec-Fetch-Site"));
  }

  private static boolean isOf(String host, String origin) {
    return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
  }
}

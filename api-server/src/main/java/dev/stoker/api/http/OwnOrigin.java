package dev.stoker.api.http;

import dev.stoker.api.error.ApiErrors;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.http.HttpHeaders;
import org.springframework.web.cors.CorsUtils;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses what a web page of another site has sent. A request without a body needs no leave of this
 * server, so that otherwise any page that somebody opens could restart their workers. What is no
 * browser names no origin.
 */
public final class OwnOrigin implements HandlerInterceptor {

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    // A browser's question whether a page may send such a request gets no leave from the framework,
    // which is enough; of an exception thrown for it nobody would make an answer.
    if (!CorsUtils.isPreFlightRequest(request)) {
      require(request);
    }
    return true;
  }

  /**
   * @throws dev.stoker.api.error.ApiException if another site's page has sent it
   */
  public static void require(HttpServletRequest request) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (origin != null && !isOf(request.getHeader(HttpHeaders.HOST), origin)) {
      throw ApiErrors.foreignOrigin(origin);
    }
  }

  private static boolean isOf(String host, String origin) {
    return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
  }
}

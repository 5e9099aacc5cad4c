package dev.stoker.api.http;

import dev.stoker.api.error.ErrorAdvice;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.UUID;
import org.slf4j.MDC;
import org.springframework.web.filter.OncePerRequestFilter;

/** Gives every request an id, which every response, every error and every log line carries. */
final class RequestIds extends OncePerRequestFilter {
  static final String HEADER = "x-request-id";

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String id = next();
    response.setHeader(HEADER, id);
    request.setAttribute(ErrorAdvice.REQUEST_ID, id);
    try (var _ = MDC.putCloseable("request_id", id)) {
      chain.doFilter(request, response);
    }
  }

  static String next() {
    return "req_" + UUID.randomUUID().toString().replace("-", "");
  }
}

package dev.stoker.database;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A PostgreSQL url taken apart: what the driver connects to, and the credentials it carried.
 *
 * @param jdbc for the driver; holds no credentials
 */
record DatabaseUrl(String jdbc, Optional<String> user, Optional<String> password) {

  private static final String HOST = "(?:\\[[0-9A-Fa-f:.]+]|[^\\[\\]/?@:,\\s]+)(?::\\d{1,5})?";
  private static final Pattern URL =
      Pattern.compile(
          "(?:jdbc:)?postgres(?:ql)?://(?:(?<login>[^?\\s]*)@)?(?<hosts>%1$s(?:,%1$s)*)(?:/(?<database>[^/?@\\s]*))?(?:\\?(?<query>\\S*))?"
              .formatted(HOST));

  /**
   * Reads {@code jdbc:postgresql://}, {@code postgresql://} and {@code postgres://}; empty if the
   * text is none of them. Credentials may stand before the host or in the query.
   */
  static Optional<DatabaseUrl> parse(String text) {
    var parts = URL.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    try {
      Map<String, String> credentials = new LinkedHashMap<>();
      List<String> query = new ArrayList<>();
      present(parts.group("query")).ifPresent(all -> sort(all, query, credentials));
      present(parts.group("login")).ifPresent(login -> putLogin(login, credentials));
      String jdbc =
          "jdbc:postgresql://"
              + parts.group("hosts")
              + "/"
              + present(parts.group("database")).orElse(DatabaseSettings.DATABASE)
              + (query.isEmpty() ? "" : "?" + String.join("&", query));
      return Optional.of(
          new DatabaseUrl(
              jdbc,
              Optional.ofNullable(credentials.get("user")),
              Optional.ofNullable(credentials.get("password"))));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // a broken percent escape
    }
  }

  /** Shows no secret: the query may hold one too, such as sslpassword. */
  @Override
  public String toString() {
    int query = jdbc.indexOf('?');
    return query < 0 ? jdbc : jdbc.substring(0, query);
  }

  private static Optional<String> present(String part) {
    return Optional.ofNullable(part).filter(text -> !text.isEmpty());
  }

  private static void sort(String all, List<String> query, Map<String, String> credentials) {
    for (String parameter : all.split("&", -1)) {
      String name = parameter.substring(0, Math.max(0, parameter.indexOf('=')));
      if (name.equals("user") || name.equals("password")) {
        credentials.put(name, URLDecoder.decode(parameter.substring(name.length() + 1), UTF_8));
      } else if (!parameter.isEmpty()) {
        query.add(parameter);
      }
    }
  }

  private static void putLogin(String login, Map<String, String> credentials) {
    int colon = login.indexOf(':');
    credentials.put("user", unescape(colon < 0 ? login : login.substring(0, colon)));
    if (colon >= 0) {
      credentials.put("password", unescape(login.substring(colon + 1)));
    }
  }

  /** Before the host a plus sign is itself; only in a query does it mean a space. */
  private static String unescape(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
  }
}

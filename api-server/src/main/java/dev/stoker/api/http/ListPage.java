package dev.stoker.api.http;

import java.util.List;
import java.util.function.Function;

/**
 * One page of a list.
 *
 * @param firstId null on an empty page
 * @param lastId what the client sends as {@code after} to get the next page; null on an empty page
 */
public record ListPage<T>(
    String object, List<T> data, String firstId, String lastId, boolean hasMore) {

  /**
   * A page of rows of which one more than asked for was read, to see whether there are more.
   *
   * @param id gives an element's id
   */
  public static <T> ListPage<T> of(List<T> oneMore, int limit, Function<T, String> id) {
    List<T> data = oneMore.subList(0, Math.min(limit, oneMore.size()));
    return new ListPage<>(
        "list",
        List.copyOf(data),
        data.isEmpty() ? null : id.apply(data.getFirst()),
        data.isEmpty() ? null : id.apply(data.getLast()),
        oneMore.size() > limit);
  }
}

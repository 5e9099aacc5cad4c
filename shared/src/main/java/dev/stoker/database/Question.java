package dev.stoker.database;

import java.util.List;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Something that the database can be asked without further words, alone or with others in one
 * {@link RoundTrip}.
 *
 * @param sql one statement without parameters
 */
public record Question<T>(String sql, RowMapper<T> row) {

  public List<T> ask(JdbcClient jdbc) {
    return jdbc.sql(sql).query(row).list();
  }
}

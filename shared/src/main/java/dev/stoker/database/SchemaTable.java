package dev.stoker.database;

import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The statement on Flyway's table, whose rows say which migrations a database has had. */
public final class SchemaTable {
  private static final String VERSION =
      "SELECT coalesce(max(version::int), 0) FROM flyway_schema_history WHERE success";

  private final JdbcClient jdbc;

  public SchemaTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** To be asked before anything else is. Fails as every statement does. */
  public Schema schema() {
    try {
      return Schema.of(jdbc.sql(VERSION).query(Integer.class).single());
    } catch (BadSqlGrammarException e) {
      return Schema.of(0); // there is no such table yet
    }
  }
}

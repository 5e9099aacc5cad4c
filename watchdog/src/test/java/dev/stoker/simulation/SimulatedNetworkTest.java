package dev.stoker.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.database.DatabaseSettings;
import dev.stoker.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class SimulatedNetworkTest {
  private final DatabaseSettings settings = TestPostgres.create();
  private final SimulatedNetwork network = new SimulatedNetwork(server(settings));

  private static PGSimpleDataSource server(DatabaseSettings settings) {
    PGSimpleDataSource server = new PGSimpleDataSource();
    server.setUrl(settings.jdbcUrl());
    server.setUser(settings.user());
    server.setPassword(settings.password());
    return server;
  }

  @AfterEach
  void drop() {
    TestPostgres.drop(settings);
  }

  @Test
  void whoever_gave_a_connection_back_has_no_say_in_it_any_more() throws SQLException {
    Connection before = network.getConnection();
    before.setReadOnly(true);
    before.close();
    Connection now = network.getConnection();
    now.setAutoCommit(false);
    execute(now, "CREATE TABLE kept (id int)");

    before.close();
    assertThatThrownBy(() -> execute(before, "SELECT 1")).isInstanceOf(SQLException.class);
    now.commit();

    execute(network.getConnection(), "SELECT * FROM kept");
    assertThat(now.isClosed()).isFalse();
    assertThat(before.isClosed()).isTrue();
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}

package dev.stoker.api.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseFaultsTest {

  @ParameterizedTest
  @CsvSource({
    "08006,true",
    "08001,true",
    "57P01,true",
    "57P03,true",
    "53300,true",
    "25P03,true",
    "25P02,false",
    "57014,false",
    "42P01,false",
    "23505,false"
  })
  void the_state_tells(String state, boolean unreachable) {
    var thrown = new IllegalStateException(new RuntimeException(new SQLException("x", state)));
    assertThat(DatabaseFaults.unreachable(thrown)).isEqualTo(unreachable);
  }

  @Test
  void a_pool_without_a_connection_is_as_good_as_no_database() {
    assertThat(DatabaseFaults.unreachable(new SQLTransientConnectionException("none free")))
        .isTrue();
    assertThat(DatabaseFaults.unreachable(new SQLException("Connection is closed"))).isTrue();
    assertThat(DatabaseFaults.unreachable(new SQLException("no state"))).isFalse();
    assertThat(DatabaseFaults.unreachable(new IllegalStateException())).isFalse();
  }
}

package dev.stoker.database;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.PreparedStatementCallback;
import org.springframework.jdbc.core.RowMapperResultSetExtractor;

/**
 * Several questions that go to the database together and are answered together: on a busy machine
 * each wait for an answer is a wait for a processor too, on both sides.
 */
public final class RoundTrip {

  private static final class Asked<T> {
    private final Question<T> question;
    private List<T> answer;

    Asked(Question<T> question) {
      this.question = question;
    }

    void read(ResultSet rows) throws SQLException {
      answer = new RowMapperResultSetExtractor<>(question.row()).extractData(rows);
    }

    List<T> answer() {
      if (answer == null) {
        throw new IllegalStateException("asked, but not sent");
      }
      return answer;
    }
  }

  private final List<Asked<?>> asked = new ArrayList<>();

  /** The answer is there once the questions have been sent. */
  public <T> Supplier<List<T>> ask(Question<T> question) {
    Asked<T> one = new Asked<>(question);
    asked.add(one);
    return one::answer;
  }

  /** Sends all questions and reads all answers. */
  public void send(JdbcOperations jdbc) {
    String sql = asked.stream().map(one -> one.question.sql()).collect(Collectors.joining(";\n"));
    PreparedStatementCallback<Void> read =
        statement -> {
          statement.execute();
          for (Asked<?> one : asked) {
            one.read(statement.getResultSet());
            statement.getMoreResults();
          }
          return null;
        };
    jdbc.execute(sql, read);
  }
}

package dev.stoker.api.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

import dev.stoker.api.http.HttpConfiguration;
import jakarta.servlet.http.HttpServletResponse;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.MockServletContext;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

class ErrorAdviceTest {

  /** Fails as it is told. */
  @RestController
  static final class Failing {
    private Exception thrown;

    @PostMapping("/at-once")
    String atOnce() throws Exception {
      if (thrown == null) {
        return "done";
      }
      throw thrown;
    }

    @PostMapping("/halfway")
    void halfway(HttpServletResponse response) throws Exception {
      response.getOutputStream().write("half of ".getBytes(StandardCharsets.UTF_8));
      response.flushBuffer();
      throw thrown;
    }
  }

  @EnableWebMvc
  static class Mvc {}

  private static final AnnotationConfigWebApplicationContext CONTEXT =
      new AnnotationConfigWebApplicationContext();

  private static Failing failing;
  private static MockMvc http;

  @BeforeAll
  static void start() {
    CONTEXT.setServletContext(new MockServletContext());
    CONTEXT.register(HttpConfiguration.class, Mvc.class, Failing.class);
    CONTEXT.refresh();
    failing = CONTEXT.getBean(Failing.class);
    http = MockMvcBuilders.webAppContextSetup(CONTEXT).build();
  }

  @AfterAll
  static void stop() {
    CONTEXT.close();
  }

  /** The words with which sockets break, of clients and of databases alike. */
  static Stream<Exception> cutDatabases() {
    return Stream.of(
            new EOFException(),
            new IOException("Broken pipe"),
            new IOException("Connection reset by peer"))
        .map(cut -> new SQLException("The connection attempt failed.", "08001", cut))
        .map(cut -> new CannotCreateTransactionException("no transaction", cut));
  }

  @ParameterizedTest
  @MethodSource("cutDatabases")
  void a_database_whose_connection_breaks_is_not_taken_for_a_client_that_has_gone(Exception thrown)
      throws Exception {
    failing.thrown = thrown;

    MockHttpServletResponse answer = http.perform(post("/at-once")).andReturn().getResponse();

    assertThat(answer.getStatus()).isEqualTo(503);
    assertThat(answer.getContentAsString()).contains("The database cannot be reached");
  }

  @ParameterizedTest
  @MethodSource("cutDatabases")
  void a_response_that_a_cut_database_leaves_half_written_does_not_end_as_if_it_were_whole(
      Exception thrown) {
    failing.thrown = thrown;

    assertThatThrownBy(() -> http.perform(post("/halfway"))).hasMessageContaining("no transaction");
  }

  @Test
  void a_client_that_seems_to_have_gone_is_never_told_of_a_success() throws Exception {
    failing.thrown = new IOException("Broken pipe");

    MockHttpServletResponse answer = http.perform(post("/at-once")).andReturn().getResponse();

    assertThat(answer.getStatus()).isEqualTo(500);
  }
}

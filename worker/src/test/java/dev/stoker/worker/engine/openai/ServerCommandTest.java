package dev.stoker.worker.engine.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerCommandTest {

  @Test
  void it_splits_as_a_shell_does_but_expands_nothing() {
    assertThat(ServerCommand.split("  a 'b c' \"d 'e' \\\"f\" g\\ h i'j'\"k\" '' $HOME * `x` "))
        .contains(List.of("a", "b c", "d 'e' \"f", "g h", "ijk", "", "$HOME", "*", "`x`"));
    assertThat(ServerCommand.split("")).contains(List.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a 'b", "a \"b", "'"})
  void a_quote_must_end(String text) {
    assertThat(ServerCommand.split(text)).isEmpty();
  }

  @Test
  void placeholders_are_filled_and_extra_becomes_any_number_of_words() {
    List<String> template =
        ServerCommand.split("vllm serve {model} --port={port} -tp {gpus} {extra} --end")
            .orElseThrow();

    assertThat(new ServerCommand(template, "a b", 2, List.of("--x", "1 2")).words(8123))
        .containsExactly("vllm", "serve", "a b", "--port=8123", "-tp", "2", "--x", "1 2", "--end");
    assertThat(new ServerCommand(template, "m", 1, List.of()).words(1))
        .containsExactly("vllm", "serve", "m", "--port=1", "-tp", "1", "--end");
  }
}

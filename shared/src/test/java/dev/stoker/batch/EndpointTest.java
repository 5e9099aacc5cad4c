package dev.stoker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {

  @ParameterizedTest
  @CsvSource({
    "/v1/responses,RESPONSES,input",
    "/v1/chat/completions,CHAT_COMPLETIONS,messages",
    "/v1/embeddings,EMBEDDINGS,input",
    "/v1/completions,COMPLETIONS,prompt",
    "/v1/moderations,MODERATIONS,input",
    "/v1/rerank,RERANK,documents",
    "/v1/score,SCORE,"
  })
  void a_url_names_an_endpoint(String url, Endpoint endpoint, String contentField) {
    assertThat(Endpoint.ofUrl(url)).contains(endpoint);
    assertThat(endpoint.url()).isEqualTo(url);
    assertThat(endpoint.contentField()).isEqualTo(Optional.ofNullable(contentField));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/v1/embeddings/", "v1/embeddings", "/V1/embeddings", "/v1/batches"})
  void another_url_names_none(String url) {
    assertThat(Endpoint.ofUrl(url)).isEmpty();
  }
}

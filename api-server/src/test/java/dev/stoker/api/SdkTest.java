package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.HttpResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnexpectedStatusCodeException;
import com.openai.models.batches.Batch;
import com.openai.models.batches.BatchCreateParams;
import com.openai.models.batches.BatchListParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileListParams;
import com.openai.models.files.FileObject;
import com.openai.models.files.FilePurpose;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own Java SDK, with nothing changed but the base url. */
class SdkTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private OpenAIClient openai;

  @BeforeEach
  void connect() {
    openai =
        OpenAIOkHttpClient.builder().apiKey("any").baseUrl(api.url("/v1")).maxRetries(2).build();
  }

  @AfterEach
  void disconnect() {
    openai.close();
  }

  private FileObject upload(byte[] content) {
    return openai
        .files()
        .create(FileCreateParams.builder().purpose(FilePurpose.BATCH).file(content).build());
  }

  private Batch create(String file) {
    return openai.batches().create(creation(file).build());
  }

  private static BatchCreateParams.Builder creation(String file) {
    return BatchCreateParams.builder()
        .inputFileId(file)
        .endpoint(BatchCreateParams.Endpoint.V1_EMBEDDINGS)
        .completionWindow(BatchCreateParams.CompletionWindow._24H);
  }

  private Batch await(String batch, Batch.Status status) {
    return TestApi.await(
        () -> openai.batches().retrieve(batch), found -> found.status().equals(status));
  }

  private String content(String file) throws IOException {
    try (HttpResponse response = openai.files().content(file)) {
      return new String(response.body().readAllBytes(), UTF_8);
    }
  }

  @Test
  void the_whole_path(@TempDir Path directory) throws IOException {
    Path input = directory.resolve("my requests.jsonl");
    Files.writeString(input, line("a") + "\n" + line("bad") + "\n");
    FileObject file =
        openai
            .files()
            .create(FileCreateParams.builder().purpose(FilePurpose.BATCH).file(input).build());
    assertThat(file.filename()).isEqualTo("my requests.jsonl");
    assertThat(file.bytes()).isEqualTo(Files.size(input));
    assertThat(file.expiresAt()).contains(file.createdAt() + 2_592_000);
    file.validate();

    Batch batch =
        openai
            .batches()
            .create(
                creation(file.id())
                    .metadata(
                        BatchCreateParams.Metadata.builder()
                            .putAdditionalProperty("team", JsonValue.from("a"))
                            .build())
                    .build());
    assertThat(batch.status()).isEqualTo(Batch.Status.VALIDATING);
    batch.validate();
    await(batch.id(), Batch.Status.IN_PROGRESS);
    api.work();

    Batch done = await(batch.id(), Batch.Status.COMPLETED);
    done.validate();
    assertThat(done.requestCounts().orElseThrow().completed()).isEqualTo(1);
    assertThat(done.requestCounts().orElseThrow().failed()).isEqualTo(1);
    assertThat(done.usage().orElseThrow().totalTokens()).isEqualTo(16);
    assertThat(done.metadata().orElseThrow().toString()).contains("team=a");
    assertThat(content(done.outputFileId().orElseThrow())).contains("\"custom_id\":\"a\"");
    assertThat(content(done.errorFileId().orElseThrow())).contains("\"custom_id\":\"bad\"");
    assertThat(content(file.id())).isEqualTo(Files.readString(input));
    assertThat(openai.files().delete(file.id()).deleted()).isTrue();
    assertThat(openai.models().retrieve("m-1").ownedBy()).isEqualTo("stoker");
    assertThat(openai.models().list().data()).hasSize(2);
  }

  @Test
  void bytes_and_streams_have_no_name() throws IOException {
    byte[] content = line("a").getBytes(UTF_8);
    assertThat(upload(content).filename()).isEqualTo("upload");
    FileObject streamed =
        openai
            .files()
            .create(
                FileCreateParams.builder()
                    .purpose(FilePurpose.USER_DATA)
                    .file(new ByteArrayInputStream(content))
                    .expiresAfter(FileCreateParams.ExpiresAfter.builder().seconds(3600).build())
                    .build());
    assertThat(streamed.expiresAt()).contains(streamed.createdAt() + 3600);
  }

  @Test
  void lists_are_paged_to_their_end() {
    List<String> files = new ArrayList<>();
    List<String> batches = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      String file = upload(line("a" + i).getBytes(UTF_8)).id();
      files.addFirst(file);
      batches.addFirst(create(file).id());
    }
    List<String> listed = new ArrayList<>();
    openai
        .batches()
        .list(BatchListParams.builder().limit(3).build())
        .autoPager()
        .forEach(batch -> listed.add(batch.id()));
    assertThat(listed).containsExactlyElementsOf(batches);
    listed.clear();
    openai
        .files()
        .list(FileListParams.builder().limit(2).order(FileListParams.Order.DESC).build())
        .autoPager()
        .forEach(file -> listed.add(file.id()));
    assertThat(listed).containsExactlyElementsOf(files);
  }

  @Test
  void a_batch_is_cancelled() throws IOException {
    Batch batch = create(upload(line("a").getBytes(UTF_8)).id());
    assertThat(openai.batches().cancel(batch.id()).status()).isEqualTo(Batch.Status.CANCELLING);
    Batch cancelled = await(batch.id(), Batch.Status.CANCELLED);
    cancelled.validate();
    assertThat(content(cancelled.errorFileId().orElseThrow())).contains("\"batch_cancelled\"");
    assertThat(openai.batches().cancel(batch.id()).status()).isEqualTo(Batch.Status.CANCELLED);
  }

  @Test
  void a_bad_file_fails_the_batch() {
    Batch batch = create(upload("{}\n".getBytes(UTF_8)).id());
    Batch failed = await(batch.id(), Batch.Status.FAILED);
    failed.validate();
    assertThat(failed.errors().orElseThrow().data().orElseThrow())
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.line()).contains(1L);
              assertThat(error.code()).contains("missing_required_parameter");
            });
    assertThatThrownBy(() -> openai.batches().cancel(batch.id()))
        .isInstanceOf(UnexpectedStatusCodeException.class)
        .hasMessageContaining("409");
  }

  @Test
  void errors_are_the_sdks_own() {
    assertThat(
            catchThrowableOfType(
                    BadRequestException.class,
                    () ->
                        openai
                            .batches()
                            .create(
                                creation("f")
                                    .endpoint(BatchCreateParams.Endpoint.of("/v1/x"))
                                    .build()))
                .code())
        .contains("invalid_value");
    assertThatThrownBy(() -> openai.files().retrieve("file-x"))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> openai.batches().retrieve("batch_x"))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> upload("hello".getBytes(UTF_8)))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("Must be .jsonl");
  }

  @Test
  void without_a_worker_creation_is_unavailable() {
    String file = upload(line("a").getBytes(UTF_8)).id();
    api.beat(Duration.ofSeconds(90));
    OpenAIClient once = openai.withOptions(options -> options.maxRetries(0));
    assertThatThrownBy(() -> once.batches().create(creation(file).build()))
        .isInstanceOf(InternalServerException.class)
        .hasMessageContaining("Worker offline (last seen 9");
  }
}

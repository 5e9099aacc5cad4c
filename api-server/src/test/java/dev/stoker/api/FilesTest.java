package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.api.TestApi.Answer;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilesTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static List<String> files(int count) {
    List<String> files = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      files.add(api.file(line("a" + i)));
    }
    return files;
  }

  private static List<String> ids(Answer page) {
    return page.json().path("data").valueStream().map(file -> file.path("id").asString()).toList();
  }

  @Test
  void the_newest_come_first() {
    List<String> files = files(3);
    Answer page = api.get("/v1/files");
    assertThat(ids(page)).containsExactlyElementsOf(files.reversed());
    assertThat(page.text())
        .startsWith("{\"object\":\"list\",\"data\":[{\"id\":")
        .endsWith("\"has_more\":false}");
    assertThat(page.at("/first_id")).isEqualTo(files.getLast());
    assertThat(page.at("/last_id")).isEqualTo(files.getFirst());
    assertThat(ids(api.get("/v1/files?order=asc"))).containsExactlyElementsOf(files);
    assertThat(ids(api.get("/v1/files?purpose=batch&order=desc"))).hasSize(3);
    assertThat(ids(api.get("/v1/files?purpose=user_data"))).isEmpty();
    assertThat(ids(api.get("/v1/files?purpose=unheard-of"))).isEmpty();
  }

  @Test
  void no_files_make_an_empty_page() {
    assertThat(api.get("/v1/files").text())
        .isEqualTo(
            "{\"object\":\"list\",\"data\":[],\"first_id\":null,\"last_id\":null,\"has_more\":false}");
  }

  @Test
  void pages_follow_each_other_under_inserts_and_deletions() {
    List<String> files = files(5);
    Answer first = api.get("/v1/files?limit=2");
    assertThat(ids(first)).containsExactly(files.get(4), files.get(3));
    assertThat(first.at("/has_more")).isEqualTo("true");

    files(1);
    api.delete("/v1/files/" + first.at("/last_id"));
    Answer second = api.get("/v1/files?limit=2&after=" + first.at("/last_id"));
    assertThat(ids(second)).containsExactly(files.get(2), files.get(1));
    Answer third = api.get("/v1/files?limit=2&after=" + second.at("/last_id"));
    assertThat(ids(third)).containsExactly(files.getFirst());
    assertThat(third.at("/has_more")).isEqualTo("false");
    Answer beyond = api.get("/v1/files?after=" + files.getFirst());
    assertThat(beyond.status()).isEqualTo(200);
    assertThat(ids(beyond)).isEmpty();
    assertThat(ids(api.get("/v1/files?order=asc&limit=1&after=" + files.getFirst())))
        .containsExactly(files.get(1));
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0,limit integer_below_min_value",
    "limit=10001,limit integer_above_max_value",
    "limit=x,limit invalid_type",
    "order=up,order invalid_value",
    "after=file-x,after invalid_value",
  })
  void wrong_parameters_are_refused(String query, String error) {
    assertThat(api.get("/v1/files?" + query).error())
        .isEqualTo("400 invalid_request_error " + error);
  }

  @ParameterizedTest
  @CsvSource({"file-00000000000070008000000000000000", "nonsense", "file-%2F%3F", "a%2Fb%3Fc"})
  void an_unknown_file_is_not_found(String id) {
    for (Answer answer :
        List.of(
            api.get("/v1/files/" + id),
            api.delete("/v1/files/" + id),
            api.get("/v1/files/" + id + "/content"))) {
      assertThat(answer.error()).isEqualTo("404 invalid_request_error id -");
      assertThat(answer.message()).startsWith("No such File object: ");
    }
  }

  @Test
  void a_file_is_deleted_once() {
    String file = api.file(line("a"));
    Answer deleted = api.delete("/v1/files/" + file);
    assertThat(deleted.status()).isEqualTo(200);
    assertThat(deleted.text())
        .isEqualTo("{\"id\":\"" + file + "\",\"object\":\"file\",\"deleted\":true}");
    assertThat(api.delete("/v1/files/" + file).status()).isEqualTo(404);
    assertThat(api.jdbc().sql("SELECT count(*) FROM file_part").query(Long.class).single())
        .isZero();
  }

  @Test
  void a_file_in_use_stays() {
    String file = api.file(line("a"));
    String batch = api.batch(file);
    Answer refused = api.delete("/v1/files/" + file);
    assertThat(refused.error()).isEqualTo("409 invalid_request_error - -");
    assertThat(refused.header("x-should-retry")).isEqualTo("false");
    assertThat(refused.message()).contains(batch);

    api.await(batch, "in_progress");
    api.work();
    api.await(batch, "completed");
    assertThat(api.delete("/v1/files/" + file).status()).isEqualTo(200);
  }

  @Test
  void the_results_go_with_their_file() {
    String batch = api.batch(api.file(line("a"), line("bad")));
    api.await(batch, "in_progress");
    api.work();
    Answer done = api.await(batch, "completed");
    assertThat(ids(api.get("/v1/files?purpose=batch_output"))).hasSize(2);
    api.delete("/v1/files/" + done.at("/output_file_id"));
    TestApi.await(
        () -> api.jdbc().sql("SELECT count(*) FROM result").query(Long.class).single(),
        rows -> rows == 1);
    Answer left = api.get("/v1/files/" + done.at("/error_file_id") + "/content");
    assertThat(left.text()).contains("\"custom_id\":\"bad\"");
    assertThat(api.get("/v1/batches/" + batch).at("/status")).isEqualTo("completed");
  }

  @Test
  void some_purposes_are_not_given_back() {
    String file =
        api.upload(new Multipart().text("purpose", "assistants").file("a", new byte[] {1}))
            .at("/id");
    Answer answer = api.get("/v1/files/" + file + "/content");
    assertThat(answer.error()).isEqualTo("400 invalid_request_error - -");
    assertThat(answer.message()).isEqualTo("Not allowed to download files of purpose: assistants");
  }

  @Test
  void content_comes_whatever_the_client_accepts() {
    String file = api.file(line("a"));
    Answer answer =
        api.send(
            api.request("/v1/files/" + file + "/content").header("Accept", "application/binary"));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo("application/octet-stream");
    assertThat(answer.header("Content-Length")).isEqualTo(Integer.toString(line("a").length() + 1));
    assertThat(answer.header("Content-Disposition")).isEqualTo("attachment; filename=\"in.jsonl\"");
  }

  @Test
  void a_download_that_is_cut_short_breaks_off() {
    String file = api.fileOf((line("a") + "\n").repeat(500));
    api.jdbc().sql("UPDATE file SET bytes = bytes + 100000").update();
    assertThatThrownBy(() -> api.get("/v1/files/" + file + "/content"))
        .isInstanceOf(UncheckedIOException.class);
  }
}

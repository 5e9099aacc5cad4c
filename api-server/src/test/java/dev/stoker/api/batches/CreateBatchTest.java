package dev.stoker.api.batches;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoker.api.error.ApiException;
import dev.stoker.api.error.ErrorBody;
import dev.stoker.batch.Endpoint;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class CreateBatchTest {
  private static final String GOOD =
      "'input_file_id':'f','endpoint':'/v1/embeddings','completion_window':'24h'";

  private static CreateBatch read(String body) {
    return CreateBatch.of(new JsonMapper().readTree(body.replace('\'', '"')));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'endpoint':'/v1/embeddings','completion_window':'24h'} | input_file_id | missing_required_parameter",
        "{'input_file_id':'f','completion_window':'24h'} | endpoint | missing_required_parameter",
        "{'input_file_id':'f','endpoint':'/v1/embeddings'} | completion_window | missing_required_parameter",
        "{'input_file_id':5,'endpoint':'/v1/embeddings','completion_window':'24h'} | input_file_id | invalid_type",
        "{'input_file_id':null,'endpoint':'/v1/embeddings','completion_window':'24h'} | input_file_id | invalid_type",
        "{'input_file_id':'\\u0000','endpoint':'/v1/embeddings','completion_window':'24h'} | input_file_id | invalid_value",
        "{'input_file_id':'f','endpoint':'/v1/x','completion_window':'24h'} | endpoint | invalid_value",
        "{'input_file_id':'f','endpoint':'/v1/embeddings','completion_window':'soon'} | completion_window | invalid_value",
        "{'input_file_id':'f','endpoint':'/v1/embeddings','completion_window':'0h'} | completion_window | invalid_value",
        "{'input_file_id':'f','endpoint':'/v1/embeddings','completion_window':'31d'} | completion_window | invalid_value",
        "{G,'metadata':'x'} | metadata | invalid_type",
        "{G,'metadata':{'tags':['a']}} | metadata.tags | invalid_type",
        "{G,'metadata':{'n':1}} | metadata.n | invalid_type",
        "{G,'metadata':{'n':null}} | metadata.n | invalid_type",
        "{G,'metadata':{PAIRS17}} | metadata | object_above_max_properties",
        "{G,'metadata':{'LONG65':'x'}} | metadata | property_name_above_max_length",
        "{G,'metadata':{'k':'LONG513'}} | metadata.k | string_above_max_length",
        "{G,'output_expires_after':5} | output_expires_after | invalid_type",
        "{G,'output_expires_after':{'seconds':3600}} | output_expires_after.anchor | missing_required_parameter",
        "{G,'output_expires_after':{'anchor':'created_at'}} | output_expires_after.seconds | missing_required_parameter",
        "{G,'output_expires_after':{'anchor':'x','seconds':3600}} | output_expires_after.anchor | invalid_value",
        "{G,'output_expires_after':{'anchor':'created_at','seconds':3599}} | output_expires_after.seconds | integer_below_min_value",
        "{G,'output_expires_after':{'anchor':'created_at','seconds':2592001}} | output_expires_after.seconds | integer_above_max_value",
        "{G,'output_expires_after':{'anchor':'created_at','seconds':'x'}} | output_expires_after.seconds | invalid_type",
        "{G,'output_expires_after':{'anchor':'created_at','seconds':99999999999999999999}} | output_expires_after.seconds | integer_above_max_value",
        "{G,'priority':101} | priority | integer_above_max_value",
        "{G,'priority':1.5} | priority | invalid_type",
      })
  void what_is_refused(String body, String param, String code) {
    String whole =
        body.replace("{G,", "{" + GOOD + ",")
            .replace("PAIRS17", pairs(17))
            .replace("LONG65", "k".repeat(65))
            .replace("LONG513", "v".repeat(513));
    ApiException refused = catchThrowableOfType(ApiException.class, () -> read(whole));
    ErrorBody.Content error = refused.response().getBody().error();
    assertThat(refused.response().getStatusCode().value()).isEqualTo(400);
    assertThat(error.type()).isEqualTo("invalid_request_error");
    assertThat(error.param()).isEqualTo(param);
    assertThat(error.code()).isEqualTo(code);
  }

  private static String pairs(int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> "'k" + n + "':'v'")
        .collect(Collectors.joining(","));
  }

  @Test
  void the_messages_are_openais() {
    assertThat(message("{" + GOOD + ",'metadata':{'tags':[]}}"))
        .isEqualTo(
            "Invalid type for 'metadata.tags': expected a string, but got an array instead.");
    assertThat(message("{}")).isEqualTo("Missing required parameter: 'input_file_id'.");
    assertThat(message("{'input_file_id':'f','endpoint':'/v1/x'}"))
        .startsWith("Invalid value: '/v1/x'. Supported values are: '/v1/responses', ");
    assertThat(message("[]")).startsWith("We could not parse the JSON body of your request.");
  }

  private static String message(String body) {
    return catchThrowableOfType(ApiException.class, () -> read(body)).getMessage();
  }

  @Test
  void everything_that_may_be_said_is_understood() {
    CreateBatch wanted =
        read(
            "{"
                + GOOD
                + ",'metadata':{'b':'1','a':'2'},'output_expires_after':{'anchor':'created_at','seconds':3600},"
                + "'priority':-100,'unknown':{'x':[1]}}");
    assertThat(wanted)
        .isEqualTo(
            new CreateBatch(
                "f",
                Endpoint.EMBEDDINGS,
                "24h",
                Duration.ofHours(24),
                "{\"b\":\"1\",\"a\":\"2\"}",
                3600,
                (short) -100));
  }

  @Test
  void optional_members_may_be_null() {
    CreateBatch wanted =
        read("{" + GOOD + ",'metadata':null,'output_expires_after':null,'priority':null}");
    assertThat(wanted.metadata()).isNull();
    assertThat(wanted.outputExpiresAfterSeconds()).isNull();
    assertThat(wanted.priority()).isZero();
  }

  @Test
  void metadata_at_its_limits_is_taken() {
    String pairs = pairs(15) + ",'" + "k".repeat(64) + "':'" + "v".repeat(512) + "'";
    assertThat(read("{" + GOOD + ",'metadata':{" + pairs + "}}").metadata())
        .hasSizeGreaterThan(570);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1m", "90m", "1h", "48h", "7d", "30d"})
  void other_windows_are_taken_too(String window) {
    CreateBatch wanted =
        read(
            "{'input_file_id':'f','endpoint':'/v1/embeddings','completion_window':'"
                + window
                + "'}");
    assertThat(wanted.completionWindow()).isEqualTo(window);
    assertThat(wanted.window()).isPositive();
  }
}

package dev.stoker.worker.engine.openai;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineMetricsTest {

  @Test
  void vllm_is_understood_and_its_engines_are_summed() {
    assertThat(
            EngineMetrics.parse(
                """
                # HELP vllm:num_requests_running Number of requests in model execution batches.
                # TYPE vllm:num_requests_running gauge
                vllm:num_requests_running{engine="0",model_name="a b}c"} 12.0
                vllm:num_requests_running{engine="1",model_name="a"} 3
                vllm:num_requests_waiting{engine="0",model_name="a"} 4.0
                vllm:kv_cache_usage_perc{engine="0",model_name="a"} 0.25
                vllm:kv_cache_usage_perc{engine="1",model_name="a"} 0.5
                vllm:generation_tokens_total{engine="0",model_name="a"} 1.5e+06 1700000000000
                vllm:prompt_tokens_total{engine="0",model_name="a"} 100
                vllm:e2e_request_latency_seconds_bucket{le="0.3"} 7
                """))
        .isEqualTo(new EngineMetrics(15, 4, 0.5, 1_500_100, true, true));
  }

  @Test
  void so_are_sglang_and_llama_server() {
    assertThat(
            EngineMetrics.parse(
                """
                sglang:num_running_reqs{model_name="m"} 7
                sglang:num_queue_reqs{model_name="m"} 2
                sglang:generation_tokens_total{model_name="m"} 9
                """))
        .isEqualTo(new EngineMetrics(7, 2, 0, 9, true, true));
    assertThat(
            EngineMetrics.parse(
                """
                llamacpp:requests_processing 3
                llamacpp:requests_deferred 1 1700000000000
                llamacpp:n_decode_total 42
                """))
        .isEqualTo(new EngineMetrics(3, 1, 0, 42, true, true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>no</html>",
        "te_queue_size 3",
        "vllm:num_requests_running NaN\nvllm:num_requests_waiting{a=\"b\"}",
        "vllm:num_requests_running"
      })
  void who_says_nothing_of_that_counts_nothing(String text) {
    assertThat(EngineMetrics.parse(text)).isEqualTo(EngineMetrics.NONE);
  }
}

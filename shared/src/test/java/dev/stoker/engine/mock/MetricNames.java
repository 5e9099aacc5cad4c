package dev.stoker.engine.mock;

import java.util.Arrays;
import java.util.List;

/** What servers call the same things on their page of metrics; an empty name is left out. */
enum MetricNames {
  VLLM(
      "vllm:num_requests_running",
      "vllm:num_requests_waiting",
      "vllm:kv_cache_usage_perc",
      "vllm:generation_tokens_total",
      "vllm:prompt_tokens_total"),
  SGLANG(
      "sglang:num_running_reqs",
      "sglang:num_queue_reqs",
      "sglang:token_usage",
      "sglang:generation_tokens_total",
      "sglang:prompt_tokens_total"),
  LLAMACPP(
      "llamacpp:requests_processing",
      "llamacpp:requests_deferred",
      "llamacpp:kv_cache_usage_ratio",
      "llamacpp:tokens_predicted_total",
      "llamacpp:prompt_tokens_total"),
  /** There is no such page. */
  NONE("", "", "", "", "");

  private final String running;
  private final String waiting;
  private final String cacheUsage;
  private final String generated;
  private final String prompted;

  MetricNames(
      String running, String waiting, String cacheUsage, String generated, String prompted) {
    this.running = running;
    this.waiting = waiting;
    this.cacheUsage = cacheUsage;
    this.generated = generated;
    this.prompted = prompted;
  }

  static List<String> all() {
    return Arrays.stream(values()).map(Enum::name).toList();
  }

  /** In the text format of Prometheus. */
  String page(String model, int running, int waiting, double cacheUsage, Tokens tokens) {
    return gauge(this.running, model, running)
        + gauge(this.waiting, model, waiting)
        + gauge(this.cacheUsage, model, cacheUsage)
        + counter(generated, model, tokens.generated())
        + counter(prompted, model, tokens.prompted());
  }

  private static String gauge(String name, String model, double value) {
    return metric("gauge", name, model, value);
  }

  private static String counter(String name, String model, long value) {
    return metric("counter", name, model, (double) value);
  }

  private static String metric(String type, String name, String model, double value) {
    return "# HELP %1$s As the mock counts it.%n# TYPE %1$s %2$s%n%1$s{engine=\"0\",model_name=\"%3$s\"} %4$s%n"
        .formatted(name, type, model, value);
  }
}

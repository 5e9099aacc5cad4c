package dev.stoker.worker.engine.openai;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What an engine says of itself at {@code /metrics}, in Prometheus's text format, summed over all
 * models and processes.
 *
 * @param running requests that it computes
 * @param waiting requests that wait inside it
 * @param cacheUse how full its key-value cache is at most, from 0 to 1; 0 if it does not say
 * @param steps grows while it computes; see {@code countsSteps}
 * @param countsRequests whether it tells running and waiting
 * @param countsSteps whether it tells steps
 */
record EngineMetrics(
    double running,
    double waiting,
    double cacheUse,
    double steps,
    boolean countsRequests,
    boolean countsSteps) {

  static final EngineMetrics NONE = new EngineMetrics(0, 0, 0, 0, false, false);

  private enum Kind {
    RUNNING,
    WAITING,
    CACHE_USE,
    STEPS
  }

  /** The names in vLLM, SGLang and llama-server; each counts what the others count. */
  private static final Map<String, Kind> KINDS =
      Map.ofEntries(
          Map.entry("vllm:num_requests_running", Kind.RUNNING),
          Map.entry("sglang:num_running_reqs", Kind.RUNNING),
          Map.entry("llamacpp:requests_processing", Kind.RUNNING),
          Map.entry("vllm:num_requests_waiting", Kind.WAITING),
          Map.entry("sglang:num_queue_reqs", Kind.WAITING),
          Map.entry("llamacpp:requests_deferred", Kind.WAITING),
          Map.entry("vllm:kv_cache_usage_perc", Kind.CACHE_USE),
          Map.entry("vllm:gpu_cache_usage_perc", Kind.CACHE_USE),
          Map.entry("sglang:token_usage", Kind.CACHE_USE),
          Map.entry("vllm:iteration_tokens_total_count", Kind.STEPS),
          Map.entry("vllm:generation_tokens_total", Kind.STEPS),
          Map.entry("vllm:prompt_tokens_total", Kind.STEPS),
          Map.entry("sglang:generation_tokens_total", Kind.STEPS),
          Map.entry("sglang:prompt_tokens_total", Kind.STEPS),
          Map.entry("llamacpp:n_decode_total", Kind.STEPS),
          Map.entry("llamacpp:tokens_predicted_total", Kind.STEPS),
          Map.entry("llamacpp:prompt_tokens_total", Kind.STEPS));

  /** Pure; lines of other metrics, or of none, are passed over. */
  static EngineMetrics parse(String text) {
    double running = 0;
    double waiting = 0;
    double cacheUse = 0;
    double steps = 0;
    Set<Kind> seen = new HashSet<>();
    for (String line : text.lines().toList()) {
      Kind kind = KINDS.get(name(line));
      double value = kind == null ? Double.NaN : value(line);
      if (kind == null || !Double.isFinite(value)) {
        continue;
      }
      seen.add(kind);
      switch (kind) {
        case RUNNING -> running += value;
        case WAITING -> waiting += value;
        case CACHE_USE -> cacheUse = Math.max(cacheUse, value);
        case STEPS -> steps += value;
      }
    }
    return new EngineMetrics(
        running,
        waiting,
        cacheUse,
        steps,
        seen.contains(Kind.RUNNING) && seen.contains(Kind.WAITING),
        seen.contains(Kind.STEPS));
  }

  private static String name(String line) {
    int end = 0;
    while (end < line.length() && line.charAt(end) != '{' && line.charAt(end) != ' ') {
      end++;
    }
    return line.substring(0, end);
  }

  /** After the labels, which may hold anything but an unquoted brace; before a timestamp. */
  private static double value(String line) {
    String[] fields = line.substring(line.lastIndexOf('}') + 1).strip().split(" ", -1);
    String value = line.indexOf('{') < 0 ? fields[Math.min(1, fields.length - 1)] : fields[0];
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}

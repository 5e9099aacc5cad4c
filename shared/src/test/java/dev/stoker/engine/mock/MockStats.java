package dev.stoker.engine.mock;

import dev.stoker.line.Json;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What the mock engine has seen since it started or its counters were set back.
 *
 * @param requests that computed something or were to, refused and failed ones included
 * @param answered of these, with 200 and all of the answer
 * @param refused of these, with 429 or 503
 * @param cancelled of these, whose connection ended before the answer
 * @param crashes how often it died and came back
 * @param connections open now
 * @param connectionsMax open at once
 * @param busySeconds from the first request to the last answer
 * @param slotSeconds the time that finished requests ran; with all slots always taken it is
 *     busySeconds times the number of slots
 * @param requestsByBody how often each {@link BodyHash} came
 */
public record MockStats(
    long requests,
    long answered,
    long refused,
    long cancelled,
    int running,
    int waiting,
    int runningMax,
    int waitingMax,
    long crashes,
    int connections,
    int connectionsMax,
    double busySeconds,
    double slotSeconds,
    Map<BodyHash, Integer> requestsByBody) {

  /** How often this very request came. */
  public int requestsOf(String endpoint, byte[] body) {
    return requestsByBody.getOrDefault(BodyHash.of(endpoint, body), 0);
  }

  /** How often the request came that came most often. */
  public int requestsOfOneMax() {
    return requestsByBody.values().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  String json(long childPid, int childPort, boolean withBodies) {
    return """
        {"requests":%d,"bodies":%d,"requests_of_one_max":%d,"answered":%d,"refused":%d,"cancelled":%d,\
        "running":%d,"waiting":%d,"running_max":%d,"waiting_max":%d,"crashes":%d,"connections":%d,\
        "connections_max":%d,"busy_seconds":%s,"slot_seconds":%s,"child_pid":%d,"child_port":%d%s}
        """
        .formatted(
            requests,
            requestsByBody.size(),
            requestsOfOneMax(),
            answered,
            refused,
            cancelled,
            running,
            waiting,
            runningMax,
            waitingMax,
            crashes,
            connections,
            connectionsMax,
            busySeconds,
            slotSeconds,
            childPid,
            childPort,
            withBodies ? ",\"requests_by_body\":" + bodies() : "");
  }

  private String bodies() {
    return requestsByBody.entrySet().stream()
        .map(entry -> Json.quote(entry.getKey().toString()) + ":" + entry.getValue())
        .collect(Collectors.joining(",", "{", "}"));
  }
}

package dev.stoker.engine.mock;

import java.util.HashMap;
import java.util.Map;

/** Where {@link MockStats} come from. */
final class MockCounters {
  private final Map<BodyHash, Integer> requestsByBody = new HashMap<>();
  private long requests;
  private long answered;
  private long refused;
  private long cancelled;
  private long crashes;
  private int runningMax;
  private int waitingMax;
  private int connections;
  private int connectionsMax;
  private long firstRequest;
  private long lastAnswer;
  private long slotNanos;

  /** Sets back what is counted; what is open stays open. */
  void reset() {
    requestsByBody.clear();
    requests = 0;
    answered = 0;
    refused = 0;
    cancelled = 0;
    crashes = 0;
    runningMax = 0;
    waitingMax = 0;
    connectionsMax = connections;
    slotNanos = 0;
  }

  void requested(BodyHash hash, long now) {
    if (requests++ == 0) {
      firstRequest = now;
      lastAnswer = now;
    }
    requestsByBody.merge(hash, 1, Integer::sum);
  }

  void held(int running, int waiting) {
    runningMax = Math.max(runningMax, running);
    waitingMax = Math.max(waitingMax, waiting);
  }

  /** A request took a slot for so long. */
  void ran(long nanos) {
    slotNanos += nanos;
  }

  void answered(long now) {
    answered++;
    lastAnswer = now;
  }

  void refused() {
    refused++;
  }

  void cancelled() {
    cancelled++;
  }

  void crashed() {
    crashes++;
  }

  void connected() {
    connections++;
    connectionsMax = Math.max(connectionsMax, connections);
  }

  void disconnected() {
    connections--;
  }

  MockStats stats(int running, int waiting) {
    return new MockStats(
        requests,
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
        (lastAnswer - firstRequest) / 1e9,
        slotNanos / 1e9,
        Map.copyOf(requestsByBody));
  }
}

package dev.stoker.worker.engine.openai;

import dev.stoker.worker.engine.EngineReply;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The requests that the engine has now. */
final class CallsInFlight {
  private final Set<Call> calls = ConcurrentHashMap.newKeySet();

  void add(Call call) {
    calls.add(call);
  }

  void remove(Call call) {
    calls.remove(call);
  }

  int count() {
    return calls.size();
  }

  List<Call> overdue(long nowNanos) {
    return calls.stream().filter(call -> call.overdue(nowNanos)).toList();
  }

  void abortAll(EngineReply reply) {
    calls.forEach(call -> call.abort(reply));
  }
}

package dev.stoker.api.batches;

import dev.stoker.api.batches.ShardCountTable.Ended;
import dev.stoker.batch.BatchId;
import java.util.List;
import java.util.Map;

/** Rows and their counts, as the API shows them. */
final class BatchViews {
  private final ShardCountTable shards;

  BatchViews(ShardCountTable shards) {
    this.shards = shards;
  }

  BatchObject of(BatchRow row) {
    return of(List.of(row)).getFirst();
  }

  /** However many they are, their shards are counted by one statement. */
  List<BatchObject> of(List<BatchRow> rows) {
    List<BatchId> running =
        rows.stream()
            .filter(row -> row.total().isPresent() && row.finalCounts().isEmpty())
            .map(BatchRow::id)
            .toList();
    Map<BatchId, Ended> ended = shards.of(running);
    return rows.stream().map(row -> BatchObject.of(row, counts(row, ended))).toList();
  }

  private static RequestCounts counts(BatchRow row, Map<BatchId, Ended> ended) {
    return row.finalCounts()
        .orElseGet(
            () -> {
              Ended live = ended.getOrDefault(row.id(), new Ended(row.id(), 0, 0));
              return new RequestCounts(row.total().orElse(0), live.completed(), live.failed());
            });
  }
}

package dev.stoker.api.batches;

import dev.stoker.batch.BatchId;

/** A batch that is to be stored. */
record NewBatch(BatchId id, CreateBatch wanted) {}

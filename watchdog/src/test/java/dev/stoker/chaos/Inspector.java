package dev.stoker.chaos;

import dev.stoker.batch.BatchStatus;
import dev.stoker.chaos.Ledger.Kind;
import dev.stoker.loop.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/** Fetches what has ended and judges it: once as soon as it can, and once at the end of all. */
final class Inspector implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final byte[] NOTHING = {};

  private final Api api;
  private final Ledger ledger;
  private final Inspection.Excuses excuses;
  private final Loop loop;

  Inspector(Api api, Ledger ledger, Inspection.Excuses excuses) {
    this.api = api;
    this.ledger = ledger;
    this.excuses = excuses;
    this.loop = new Loop("inspector", PAUSE, this::step).start();
  }

  @Override
  public void close() {
    loop.interrupt();
    loop.close();
  }

  private boolean step() throws InterruptedException {
    for (WatchedBatch batch : ledger.batches()) {
      if (batch.ended() && !batch.isInspected()) {
        inspect(batch);
      }
    }
    return false;
  }

  /** False if its files could not be had now. */
  private boolean inspect(WatchedBatch batch) throws InterruptedException {
    try {
      byte[] input = content(batch, "input_file_id");
      byte[] output = content(batch, "output_file_id");
      byte[] errors = content(batch, "error_file_id");
      if (!Arrays.equals(input, batch.submission().file())) {
        ledger.find(Kind.WRONG, batch.id() + ": the input file is not what was uploaded");
      }
      List<Inspection.Finding> findings =
          Inspection.of(batch.submission(), batch.end(), output, errors, excuses);
      findings.forEach(finding -> ledger.find(finding.kind(), batch.id() + ": " + finding.what()));
      batch.inspected(hash(output, errors));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Once more, when all is over: what ended long ago is still the same, and nothing that was
   * promised was forgotten.
   *
   * @return false if the files cannot be had even now
   */
  boolean inspectAgain(WatchedBatch batch) throws InterruptedException {
    if (!batch.isInspected()) {
      return inspect(batch);
    }
    try {
      long hash = hash(content(batch, "output_file_id"), content(batch, "error_file_id"));
      if (hash != batch.outputHash()) {
        ledger.find(Kind.WRONG, batch.id() + ": its files have changed since it ended");
        inspect(batch);
      }
      if (batch.wasPromisedCancel() && batch.status() != BatchStatus.CANCELLED) {
        ledger.find(
            Kind.WRONG, batch.id() + ": it was said to be cancelled, and is " + batch.status());
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private byte[] content(WatchedBatch batch, String member)
      throws IOException, InterruptedException {
    String file = batch.end().at(member).text();
    if (file.isEmpty()) {
      return NOTHING;
    }
    Api.Answer answer = api.content(file);
    if (answer.status() == 404) {
      ledger.find(Kind.LOST, batch.id() + ": its " + member + " is gone");
      return NOTHING;
    }
    if (!answer.ok()) {
      throw new IOException("status " + answer.status());
    }
    return answer.body();
  }

  private static long hash(byte[] output, byte[] errors) {
    CRC32 crc = new CRC32();
    crc.update(output);
    crc.update(errors);
    return crc.getValue();
  }
}

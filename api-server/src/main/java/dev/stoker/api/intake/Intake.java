package dev.stoker.api.intake;

import dev.stoker.api.batches.BatchRepository;
import dev.stoker.api.batches.BatchRow;
import dev.stoker.api.files.FileRepository;
import dev.stoker.api.files.FileRow;
import dev.stoker.api.intake.PartFactTable.Duplicate;
import dev.stoker.api.intake.PartFactTable.Facts;
import dev.stoker.api.models.ServedModelTable;
import dev.stoker.batch.BatchStatus;
import dev.stoker.file.FileId;
import dev.stoker.file.FilePurpose;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.ShardTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/** Judges one batch, within the transaction that has locked its row. */
final class Intake {
  private static final Logger log = LoggerFactory.getLogger(Intake.class);

  private final BatchRepository batches;
  private final FileRepository files;
  private final PartFactTable parts;
  private final LineErrors lineErrors;
  private final ServedModelTable models;
  private final ModelTable registry;
  private final ShardTable shards;
  private final JsonMapper json;
  private final IntakeSettings settings;

  Intake(
      BatchRepository batches,
      FileRepository files,
      PartFactTable parts,
      LineErrors lineErrors,
      ServedModelTable models,
      ModelTable registry,
      ShardTable shards,
      JsonMapper json,
      IntakeSettings settings) {
    this.batches = batches;
    this.files = files;
    this.parts = parts;
    this.lineErrors = lineErrors;
    this.models = models;
    this.registry = registry;
    this.shards = shards;
    this.json = json;
    this.settings = settings;
  }

  /** Accepts or refuses a batch, or leaves it as it is if it is too early to say. */
  void judge(BatchRow batch) {
    Optional<FileRow> file =
        FileId.parse(batch.inputFileId()).flatMap(id -> files.lockForIntake(id.value()));
    if (file.isEmpty()) {
      refuse(batch, List.of(BatchError.noSuchFile(batch.inputFileId())));
    } else if (file.get().purpose() != FilePurpose.BATCH) {
      refuse(
          batch,
          List.of(BatchError.wrongPurpose(batch.inputFileId(), file.get().purpose().wireName())));
    } else {
      judge(batch, file.get().id());
    }
  }

  private void judge(BatchRow batch, FileId file) {
    // Asked first: a worker that has finished starting since then has its models listed.
    boolean moreModelsMayCome = models.moreMayCome();
    KnownModels known = KnownModels.of(models.names(), registry.quarantined());
    Facts facts = parts.facts(file, batch.endpoint(), known);
    if (facts.unknownModels() && moreModelsMayCome && batch.status() == BatchStatus.VALIDATING) {
      return;
    }
    List<BatchError> errors = errors(batch, file, facts, known);
    if (errors.isEmpty()) {
      accept(batch, file, facts);
    } else {
      refuse(batch, errors);
    }
  }

  private List<BatchError> errors(BatchRow batch, FileId file, Facts facts, KnownModels known) {
    if (facts.requests() == 0) {
      return List.of(BatchError.emptyFile());
    }
    List<BatchError> errors = new ArrayList<>();
    if (facts.requests() > settings.linesMax()) {
      errors.add(BatchError.tooManyRequests(facts.requests(), settings.linesMax()));
    }
    List<Duplicate> duplicates = parts.duplicates(file, LineErrors.ERRORS_MAX);
    if (facts.linesAreWrong() || !duplicates.isEmpty()) {
      errors.addAll(lineErrors.list(file, batch.endpoint(), known, duplicates));
    }
    return errors;
  }

  private void accept(BatchRow batch, FileId file, Facts facts) {
    batch.accept(Math.toIntExact(facts.requests()), facts.firstModel(), batches.databaseTime());
    int cut = shards.enqueue(batch.id(), file.value());
    log.info("{}: {} requests in {} shards", batch.id(), facts.requests(), cut);
  }

  private void refuse(BatchRow batch, List<BatchError> errors) {
    batch.refuse(json.writeValueAsString(new ErrorList("list", errors)), batches.databaseTime());
    log.info(
        "{}: refused, {} errors, first {}", batch.id(), errors.size(), errors.getFirst().code());
  }
}

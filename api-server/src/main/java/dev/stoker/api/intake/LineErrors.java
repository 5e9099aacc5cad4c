package dev.stoker.api.intake;

import dev.stoker.api.intake.PartFactTable.Content;
import dev.stoker.api.intake.PartFactTable.Duplicate;
import dev.stoker.file.FileId;
import dev.stoker.line.LineCheck;
import dev.stoker.line.LineFault;
import dev.stoker.line.LineVerdict;
import dev.stoker.line.PartLines;
import dev.stoker.line.RequestLine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Lists the lines of a file that are wrong, in their order, one entry each. */
final class LineErrors {
  static final int ERRORS_MAX = 100;

  private final PartFactTable parts;
  private final LineCheck check = new LineCheck();
  private final int lineBytesMax;

  LineErrors(PartFactTable parts, int lineBytesMax) {
    this.parts = parts;
    this.lineBytesMax = lineBytesMax;
  }

  /** Reads one part at a time, and none without an error. */
  List<BatchError> list(
      FileId file, String endpoint, KnownModels models, List<Duplicate> duplicates) {
    Set<Integer> ordinals = new TreeSet<>(parts.offending(file, endpoint, models, ERRORS_MAX));
    duplicates.forEach(duplicate -> ordinals.add(duplicate.part()));
    Set<Duplicate> again = new HashSet<>(duplicates);
    List<BatchError> errors = new ArrayList<>();
    for (int ordinal : ordinals) {
      new PartErrors(ordinal, endpoint, models, again, errors).read(parts.part(file, ordinal));
      if (errors.size() >= ERRORS_MAX) {
        break;
      }
    }
    return errors.size() > ERRORS_MAX ? errors.subList(0, ERRORS_MAX) : errors;
  }

  private final class PartErrors {
    private final int ordinal;
    private final String endpoint;
    private final KnownModels models;
    private final Set<Duplicate> duplicates;
    private final List<BatchError> errors;
    private int valid;

    PartErrors(
        int ordinal,
        String endpoint,
        KnownModels models,
        Set<Duplicate> duplicates,
        List<BatchError> errors) {
      this.ordinal = ordinal;
      this.endpoint = endpoint;
      this.models = models;
      this.duplicates = duplicates;
      this.errors = errors;
    }

    void read(Content content) {
      byte[] bytes = content.bytes();
      PartLines.each(
          content.firstLine(),
          bytes,
          (line, offset, length) ->
              fault(bytes, offset, length)
                  .ifPresent(fault -> errors.add(BatchError.ofLine(line, fault))));
    }

    private Optional<LineFault> fault(byte[] bytes, int offset, int length) {
      if (length > lineBytesMax) {
        return Optional.of(tooLong());
      }
      return switch (check.check(bytes, offset, length)) {
        case LineVerdict.Faulty(LineFault fault) -> Optional.of(fault);
        case LineVerdict.Valid(RequestLine request) -> unsuitable(request);
      };
    }

    private Optional<LineFault> unsuitable(RequestLine request) {
      valid++;
      if (!request.url().equals(endpoint)) {
        return Optional.of(LineFault.wrongUrl());
      }
      Optional<LineFault> unusable = models.fault(request.model());
      if (unusable.isPresent()) {
        return unusable;
      }
      return duplicates.contains(new Duplicate(ordinal, valid))
          ? Optional.of(LineFault.duplicateCustomId())
          : Optional.empty();
    }

    private LineFault tooLong() {
      return new LineFault(
          "invalid_request", "This line is longer than " + lineBytesMax + " bytes.", "");
    }
  }
}

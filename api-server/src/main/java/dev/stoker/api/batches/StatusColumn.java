package dev.stoker.api.batches;

import dev.stoker.batch.BatchStatus;
import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Converter;

/** A status is stored under its wire name. */
@Converter
final class StatusColumn implements AttributeConverter<BatchStatus, String> {

  @Override
  public String convertToDatabaseColumn(BatchStatus status) {
    return status.wireName();
  }

  @Override
  public BatchStatus convertToEntityAttribute(String name) {
    return BatchStatus.ofWireName(name);
  }
}

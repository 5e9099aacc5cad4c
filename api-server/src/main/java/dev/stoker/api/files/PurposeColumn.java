package dev.stoker.api.files;

import dev.stoker.file.FilePurpose;
import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Converter;

/** A purpose is stored under its wire name. */
@Converter
final class PurposeColumn implements AttributeConverter<FilePurpose, String> {

  @Override
  public String convertToDatabaseColumn(FilePurpose purpose) {
    return purpose.wireName();
  }

  @Override
  public FilePurpose convertToEntityAttribute(String name) {
    return FilePurpose.ofWireName(name).orElseThrow();
  }
}

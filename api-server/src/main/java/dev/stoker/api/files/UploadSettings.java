package dev.stoker.api.files;

import dev.stoker.settings.Settings;

/**
 * The limits of an upload.
 *
 * @param bytesMax of a file
 * @param lineBytesMax of one line, which is held in memory; a longer one is a fault of its batch
 */
public record UploadSettings(long bytesMax, int lineBytesMax) {

  public static UploadSettings from(Settings settings) {
    return new UploadSettings(
        settings.number(
            "STOKER_UPLOAD_BYTES_MAX",
            209_715_200L,
            1,
            20L << 30,
            "the largest file that may be uploaded"),
        settings.integer(
            "STOKER_LINE_BYTES_MAX",
            16 << 20,
            1 << 10,
            128 << 20,
            "the longest line of an input file"));
  }
}

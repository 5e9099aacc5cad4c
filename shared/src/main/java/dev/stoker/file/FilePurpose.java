package dev.stoker.file;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a file is for. Stoker runs batches; the other purposes are stored and given back. */
public enum FilePurpose {
  ASSISTANTS("assistants", true, false),
  BATCH("batch", true, true),
  FINE_TUNE("fine-tune", true, true),
  VISION("vision", true, false),
  USER_DATA("user_data", true, false),
  EVALS("evals", true, true),
  BATCH_OUTPUT("batch_output", false, true);

  private final String wireName;
  private final boolean uploadable;
  private final boolean downloadable;

  FilePurpose(String wireName, boolean uploadable, boolean downloadable) {
    this.wireName = wireName;
    this.uploadable = uploadable;
    this.downloadable = downloadable;
  }

  public String wireName() {
    return wireName;
  }

  /**
   * Whether its content may be fetched: OpenAI gives back only what its user or a batch wrote as
   * data.
   */
  public boolean downloadable() {
    return downloadable;
  }

  public static Optional<FilePurpose> ofWireName(String name) {
    return Arrays.stream(values()).filter(purpose -> purpose.wireName.equals(name)).findFirst();
  }

  /** The names that an upload may give. */
  public static List<String> uploadableNames() {
    return Arrays.stream(values()).filter(p -> p.uploadable).map(FilePurpose::wireName).toList();
  }
}

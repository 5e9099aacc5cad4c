package dev.stoker.file;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FilePurposeTest {

  @ParameterizedTest
  @EnumSource
  void a_purpose_is_found_by_the_name_it_bears(FilePurpose purpose) {
    assertThat(FilePurpose.ofWireName(purpose.wireName())).contains(purpose);
  }

  @Test
  void another_name_is_no_purpose() {
    assertThat(FilePurpose.ofWireName("BATCH")).isEmpty();
    assertThat(FilePurpose.ofWireName("")).isEmpty();
  }

  @Test
  void nobody_uploads_the_output_of_a_batch() {
    assertThat(FilePurpose.uploadableNames())
        .containsExactly("assistants", "batch", "fine-tune", "vision", "user_data", "evals");
  }
}

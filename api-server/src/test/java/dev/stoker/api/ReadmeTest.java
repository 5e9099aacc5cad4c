package dev.stoker.api;

import dev.stoker.settings.Settings;
import dev.stoker.testing.ReadmeSettings;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadmeTest {
  @Test
  void the_readme_lists_every_setting_that_the_api_server_reads() throws IOException {
    Settings settings = new Settings(Map.of());
    ApiSettings.from(settings);
    ReadmeSettings.lists(settings);
  }
}

package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.endtoend.Installation.Finished;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;

/** The official OpenAI SDK for Node, unmodified, against a whole installation. */
@ExtendWith(SharedInstallation.class)
@EnabledIf(
    value = "nodeIsThere",
    disabledReason = "needs node 20 or newer and npm on the PATH: the Node SDK is not tested")
class NodeSdkIT {
  private static final Path SOURCES = Installation.HOME.resolve("api-server/src/test/node");
  private static final Path COPY = Installation.HOME.resolve("watchdog/target/node-sdk");
  private static final List<String> FILES =
      List.of("package.json", "package-lock.json", ".npmrc", "batch.test.mjs");
  private static final Pattern MAJOR = Pattern.compile("v(\\d+)\\..*");
  private static final int OLDEST_NODE = 20;

  @Test
  void the_official_node_sdk_works_with_nothing_changed_but_the_base_url(Installation installation)
      throws IOException {
    Finished tests = runTests(installation.baseUrl());
    assertThat(tests.status()).as(tests.output()).isZero();
  }

  /** Runs the tests of the SDK against any server. */
  private static Finished runTests(URI baseUrl) throws IOException {
    Files.createDirectories(COPY);
    for (String file : FILES) {
      Files.copy(SOURCES.resolve(file), COPY.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.put("OPENAI_BASE_URL", baseUrl.toString());
    environment.put("OPENAI_API_KEY", "any");
    Finished installed =
        Installation.run(
            COPY,
            Duration.ofMinutes(3),
            List.of("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund"),
            environment);
    assertThat(installed.status()).as(installed.output()).isZero();
    return Installation.run(
        COPY,
        Duration.ofMinutes(5),
        List.of("node", "--test", "--test-reporter=spec"),
        environment);
  }

  static boolean nodeIsThere() {
    Matcher version = MAJOR.matcher(version("node"));
    return version.matches()
        && Integer.parseInt(version.group(1)) >= OLDEST_NODE
        && !version("npm").isEmpty();
  }

  private static String version(String program) {
    Finished answer =
        Installation.run(
            Installation.HOME,
            Duration.ofSeconds(30),
            List.of(program, "--version"),
            System.getenv());
    return answer.status() == 0 ? answer.output().strip() : "";
  }
}

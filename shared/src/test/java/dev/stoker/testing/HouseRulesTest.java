package dev.stoker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule can fail: the classes in {@code broken} break it. */
class HouseRulesTest {

  private static final String BROKEN = "dev.stoker.testing.broken";

  private static final HouseRules RULES = new HouseRules(BROKEN);
  private static final JavaClasses CLASSES = new ClassFileImporter().importPackages(BROKEN);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          packages_have_no_cycles                     | Slice blue
          packages_have_no_cycles                     | Slice red
          modules_depend_on_shared_and_never_sideways | api.Sideways
          modules_depend_on_shared_and_never_sideways | queue.Upward
          only_tables_run_statements                  | JdbcClient.sql(
          only_tables_run_statements                  | JdbcClient$StatementSpec.update(
          only_tables_run_statements                  | DriverManager.getConnection(
          only_tables_run_statements                  | JdbcTemplate.<init>(
          only_tables_run_statements                  | DataSource.getConnection(
          time_and_chance_come_from_outside           | Instant.now(
          time_and_chance_come_from_outside           | LocalDate.now(
          time_and_chance_come_from_outside           | System.currentTimeMillis(
          time_and_chance_come_from_outside           | Random.<init>(
          time_and_chance_come_from_outside           | Math.random(
          time_and_chance_come_from_outside           | Thread.sleep(
          nothing_is_injected_but_by_constructors     | wiring.Injected.field
          nothing_is_injected_but_by_constructors     | wiring.Injected.set
          nothing_is_injected_but_by_constructors     | wiring.Injected.<init>
          names_say_something                         | names.TextUtils
          names_say_something                         | names.QueueManager
          names_say_something                         | helpers.Innocent
          only_main_classes_speak_to_the_console      | System.out
          only_main_classes_speak_to_the_console      | System.err
          only_main_classes_speak_to_the_console      | printStackTrace(
          only_main_classes_speak_to_the_console      | java.util.logging.Logger
          """)
  void a_rule_names_what_breaks_it(String rule, String culprit) {
    assertThat(RULES.byName().get(rule).evaluate(CLASSES).getFailureReport().getDetails())
        .anyMatch(detail -> detail.contains(culprit));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          only_tables_run_statements             | sql.GoodTable
          only_tables_run_statements             | sql.Wiring
          time_and_chance_come_from_outside      | clock.Main
          names_say_something                    | GpuUtilization
          only_main_classes_speak_to_the_console | clock.Main
          """)
  void a_rule_leaves_alone_what_it_allows(String rule, String innocent) {
    assertThat(CLASSES).anyMatch(type -> type.getName().contains(innocent));
    assertThat(RULES.byName().get(rule).evaluate(CLASSES).getFailureReport().getDetails())
        .isNotEmpty()
        .noneMatch(detail -> detail.contains(innocent));
  }

  @Test
  void the_rules_that_are_broken_are_all_there_are() {
    Map<String, Boolean> broken = new TreeMap<>();
    RULES.byName().forEach((name, rule) -> broken.put(name, rule.evaluate(CLASSES).hasViolation()));
    assertThat(broken).hasSize(7).doesNotContainValue(false);
  }

  static Stream<Arguments> packages() {
    return Stream.of(
        Arguments.of(Map.of("a/A.java", "", "a/package-info.java", "/** A. */ package a;"), ""),
        Arguments.of(Map.of("a/A.java", ""), "a"),
        Arguments.of(Map.of("a/A.java", "", "a/package-info.java", "package a;"), "a"),
        Arguments.of(
            Map.of("a/package-info.java", "/** A. */", "a/b/c/C.java", "", "a/x.txt", ""),
            "a.b.c"));
  }

  @ParameterizedTest
  @MethodSource("packages")
  void a_package_without_a_sentence_is_found(
      Map<String, String> files, String silent, @TempDir Path sources) throws IOException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = sources.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    assertThat(String.join(",", HouseRules.packagesWithoutInfo(sources))).isEqualTo(silent);
  }

  @Test
  void a_module_without_classes_breaks_no_rule(@TempDir Path nothing) {
    assertThat(HouseRules.packagesWithoutInfo(nothing.resolve("src"))).isEmpty();
    JavaClasses none = new ClassFileImporter().importPath(nothing);
    assertThat(new HouseRules().byName().values())
        .noneMatch(rule -> rule.evaluate(none).hasViolation());
  }
}

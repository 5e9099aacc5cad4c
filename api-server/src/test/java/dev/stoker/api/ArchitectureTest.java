package dev.stoker.api;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;
import java.util.Random;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

@AnalyzeClasses(packages = "dev.stoker.api", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule features_have_no_cycles =
      slices()
          .matching("dev.stoker.api.(*)..")
          .should()
          .beFreeOfCycles()
          .because("data flows one way: let the caller pass a hook instead");

  @ArchTest
  static final ArchRule sql_is_in_tables =
      noClasses()
          .that()
          .haveSimpleNameNotEndingWith("Table")
          .and()
          .haveSimpleNameNotEndingWith("Configuration")
          .should()
          .callMethodWhere(
              com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                  com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner(
                      com.tngtech.archunit.core.domain.JavaClass.Predicates.type(
                          JdbcClient.class))))
          .because("all statements on a table are found in one place: its *Table class");

  @ArchTest
  static final ArchRule nothing_is_injected_into_fields =
      fields().should().notBeAnnotatedWith(Autowired.class).because("constructors say it");

  @ArchTest
  static final ArchRule time_is_the_databases =
      noClasses()
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Thread.class, "sleep", long.class)
          .orShould()
          .callConstructor(Random.class)
          .because("what two processes compare is the database's clock; loops wait in Loop");
}

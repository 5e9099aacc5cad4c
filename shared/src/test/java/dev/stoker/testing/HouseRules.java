package dev.stoker.testing;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** What holds in every module. Each rule says what to do instead. */
public final class HouseRules {

  private static final List<String> MODULES = List.of("api", "worker", "watchdog");

  private static final Set<String> CLOCKS =
      Set.of(
          "java.time.Instant.now",
          "java.time.LocalDate.now",
          "java.time.LocalDateTime.now",
          "java.time.LocalTime.now",
          "java.time.OffsetDateTime.now",
          "java.time.ZonedDateTime.now",
          "java.lang.System.currentTimeMillis",
          "java.util.Date.<init>",
          "java.util.Random.<init>",
          "java.lang.Math.random",
          "java.lang.Thread.sleep",
          "java.util.concurrent.TimeUnit.sleep");

  /** Whoever calls these runs a statement, or opens what runs one. */
  private static final List<String> STATEMENTS =
      List.of(
          "org.springframework.jdbc.core.simple.",
          "org.springframework.jdbc.core.JdbcOperations",
          "org.springframework.jdbc.core.JdbcTemplate",
          "org.springframework.jdbc.core.namedparam.",
          "java.sql.Connection",
          "java.sql.Statement",
          "java.sql.PreparedStatement",
          "java.sql.CallableStatement",
          "java.sql.DriverManager",
          "javax.sql.DataSource",
          "org.postgresql.");

  private static final Set<String> CONSOLE = Set.of("java.lang.System.out", "java.lang.System.err");

  private static final Set<String> INJECTIONS =
      Set.of(
          "org.springframework.beans.factory.annotation.Autowired",
          "org.springframework.beans.factory.annotation.Value",
          "jakarta.inject.Inject",
          "jakarta.annotation.Resource",
          "jakarta.persistence.PersistenceContext");

  /** A word of a name, so that a GpuUtilization is welcome. */
  private static final Pattern EMPTY_WORD =
      Pattern.compile("(Util|Utils|Utility|Utilities|Helper|Helpers|Manager|Managers)(?![a-z])");

  private static final Pattern EMPTY_PACKAGE =
      Pattern.compile("\\.(utils?|utility|utilities|helpers?|managers?)(\\.|$)");

  private final String root;

  /** For the packages below {@code dev.stoker}. */
  public HouseRules() {
    this("dev.stoker");
  }

  /** For a house elsewhere, where breaking the rules can be tried. */
  HouseRules(String root) {
    this.root = root;
  }

  /** The rules as tests of the main classes of the module to which a test class belongs. */
  public static Stream<DynamicTest> of(Class<?> test) {
    Path target = outputOf(test).getParent();
    Path sources = target.resolveSibling("src/main/java");
    JavaClasses classes = imported(target.resolve("classes"));
    if (classes.isEmpty() && Files.isDirectory(sources)) {
      throw new AssertionError("nothing to judge in " + target + ", which has sources");
    }
    HouseRules rules = new HouseRules();
    return Stream.concat(
        rules.byName().entrySet().stream()
            .map(
                rule ->
                    DynamicTest.dynamicTest(rule.getKey(), () -> rule.getValue().check(classes))),
        Stream.of(
            DynamicTest.dynamicTest(
                "every_package_says_what_it_is_for", () -> checkPackages(sources))));
  }

  /** Each rule under the name of its test. */
  Map<String, ArchRule> byName() {
    Map<String, ArchRule> rules = new LinkedHashMap<>();
    rules.put("packages_have_no_cycles", noCycles());
    rules.put("modules_depend_on_shared_and_never_sideways", oneDirection());
    rules.put("only_tables_run_statements", onlyTablesRunStatements());
    rules.put("time_and_chance_come_from_outside", timeAndChanceComeFromOutside());
    rules.put("nothing_is_injected_but_by_constructors", noInjection());
    rules.put("names_say_something", namesSaySomething());
    rules.put("only_main_classes_speak_to_the_console", onlyMainClassesSpeak());
    return rules;
  }

  private ArchRule noCycles() {
    return slices()
        .matching(root + ".(**)")
        .should()
        .beFreeOfCycles()
        .because("packages that need one another are one package")
        .allowEmptyShould(true);
  }

  private ArchRule oneDirection() {
    String[] all = MODULES.stream().map(this::below).toArray(String[]::new);
    CompositeArchRule rule =
        CompositeArchRule.of(
            noClasses()
                .that()
                .resideInAPackage(root + "..")
                .and()
                .resideOutsideOfPackages(all)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(all)
                .because("shared is below all modules")
                .allowEmptyShould(true));
    for (String module : MODULES) {
      String[] others =
          MODULES.stream().filter(m -> !m.equals(module)).map(this::below).toArray(String[]::new);
      rule =
          rule.and(
              noClasses()
                  .that()
                  .resideInAPackage(below(module))
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(others)
                  .because("modules meet in shared and in the database")
                  .allowEmptyShould(true));
    }
    return rule;
  }

  private String below(String module) {
    return root + "." + module + "..";
  }

  private ArchRule onlyTablesRunStatements() {
    DescribedPredicate<JavaClass> exempt =
        describe(
            "a *Table or in " + root + ".database",
            type ->
                outermost(type).getSimpleName().endsWith("Table")
                    || type.getPackageName().equals(root + ".database"));
    return forbid("run SQL statements", HouseRules::runsStatements, exempt)
        .because("a table's statements stand together in the class named after it");
  }

  /** Handing a JdbcClient on, or reading the row it gives, is not running a statement. */
  private static boolean runsStatements(JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    boolean wiring =
        access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget
            && owner.equals("org.springframework.jdbc.core.simple.JdbcClient")
            && access.getTarget().getName().equals("create");
    return !wiring && STATEMENTS.stream().anyMatch(owner::startsWith);
  }

  private ArchRule timeAndChanceComeFromOutside() {
    DescribedPredicate<JavaClass> exempt =
        describe(
            "in " + root + ".loop or with a main method",
            type -> type.getPackageName().equals(root + ".loop") || hasMain(type));
    return forbid(
            "ask for time or chance, or sleep", access -> CLOCKS.contains(name(access)), exempt)
        .because(
            "a test must be able to set them: take an InstantSource, a LongSupplier of nanoseconds"
                + " or a RandomGenerator; let a Loop do the waiting");
  }

  private ArchRule noInjection() {
    return classes()
        .should(
            condition(
                "be made by their constructors alone",
                (type, events) ->
                    Stream.concat(type.getMembers().stream(), Stream.of(type))
                        .filter(
                            annotated ->
                                annotated.getAnnotations().stream()
                                    .anyMatch(a -> INJECTIONS.contains(a.getRawType().getName())))
                        .forEach(
                            annotated ->
                                violated(
                                    events, type, annotated.getDescription() + " is injected"))))
        .because("what a class needs stands in its constructor, which Spring calls unasked")
        .allowEmptyShould(true);
  }

  private ArchRule namesSaySomething() {
    return classes()
        .should(
            condition(
                "have a name that says what they are",
                (type, events) -> {
                  if (EMPTY_WORD.matcher(type.getSimpleName()).find()
                      || EMPTY_PACKAGE.matcher(type.getPackageName()).find()) {
                    violated(events, type, type.getName() + " could be anything");
                  }
                }))
        .because("a class that helps has a thing it is about: name it after that")
        .allowEmptyShould(true);
  }

  private static ArchRule onlyMainClassesSpeak() {
    return forbid(
            "use the console or java.util.logging",
            access ->
                CONSOLE.contains(name(access))
                    || access.getTarget().getName().equals("printStackTrace")
                    || access.getTargetOwner().getName().startsWith("java.util.logging."),
            describe("with a main method", HouseRules::hasMain))
        .because("the log is SLF4J's, and a service has nobody at its console");
  }

  private static ArchRule forbid(
      String what, Predicate<JavaAccess<?>> forbidden, DescribedPredicate<JavaClass> exempt) {
    return classes()
        .that(not(exempt))
        .should(
            condition(
                "not " + what,
                (type, events) ->
                    type.getAccessesFromSelf().stream()
                        .filter(forbidden)
                        .forEach(access -> violated(events, type, access.getDescription()))))
        .allowEmptyShould(true);
  }

  @FunctionalInterface
  private interface Check {
    void check(JavaClass type, ConditionEvents events);
  }

  private static ArchCondition<JavaClass> condition(String description, Check check) {
    return new ArchCondition<>(description) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        check.check(type, events);
      }
    };
  }

  private static void violated(ConditionEvents events, JavaClass type, String message) {
    events.add(SimpleConditionEvent.violated(type, message));
  }

  private static String name(JavaAccess<?> access) {
    return access.getTargetOwner().getName() + "." + access.getTarget().getName();
  }

  private static boolean hasMain(JavaClass type) {
    return outermost(type).tryGetMethod("main", String[].class).isPresent();
  }

  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(HouseRules::outermost).orElse(type);
  }

  private static JavaClasses imported(Path directory) {
    return new ClassFileImporter()
        .importPaths(Files.isDirectory(directory) ? List.of(directory) : List.of());
  }

  private static Path outputOf(Class<?> test) {
    try {
      return Path.of(test.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void checkPackages(Path sources) {
    List<String> silent = packagesWithoutInfo(sources);
    if (!silent.isEmpty()) {
      throw new AssertionError("no package-info.java with a sentence in " + silent);
    }
  }

  /** The directories with classes that nothing introduces. */
  static List<String> packagesWithoutInfo(Path sources) {
    if (!Files.isDirectory(sources)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .map(Path::getParent)
          .distinct()
          .filter(directory -> !introduces(directory.resolve("package-info.java")))
          .map(directory -> sources.relativize(directory).toString().replace('/', '.'))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean introduces(Path info) {
    try {
      return Files.exists(info) && Files.readString(info).contains("/**");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

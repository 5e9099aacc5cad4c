package dev.stoker;

import dev.stoker.testing.HouseRules;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ArchitectureTest {

  @TestFactory
  Stream<DynamicTest> house_rules() {
    return HouseRules.of(ArchitectureTest.class);
  }
}

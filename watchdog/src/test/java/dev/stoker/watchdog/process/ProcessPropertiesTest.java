package dev.stoker.watchdog.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.watchdog.Patience;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random sequences of births, deaths and mistaken identities, on real processes. */
class ProcessPropertiesTest {

  private static final Duration SOON = Duration.ofSeconds(20);

  private final List<Process> started = new ArrayList<>();

  static List<Long> seeds() {
    return new Random(2).longs(8).boxed().toList();
  }

  @AfterEach
  void leave_nothing_behind() {
    started.forEach(Process::destroyForcibly);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @DisplayName("I2: nobody gets a signal whose identity was not verified")
  void only_exactly_the_process_that_was_meant_is_signalled(long seed) throws Exception {
    Random random = new Random(seed);
    for (int i = 0; i < 12; i++) {
      Process process = start("sleep", "1000");
      ProcessIdentity truth = ProcessIdentity.ofPid(process.pid()).orElseThrow();
      boolean dead = random.nextInt(4) == 0;
      if (dead) {
        process.destroyForcibly().waitFor();
      }
      ProcessIdentity claimed = mistaken(truth, random);
      Optional<WatchedProcess> adopted = WatchedProcess.adopt(claimed, System::nanoTime, () -> {});
      boolean meant = !dead && claimed.equals(truth);
      assertThat(adopted.isPresent()).isEqualTo(meant);
      adopted.ifPresent(WatchedProcess::kill);
      if (meant) {
        Patience.until("it is dead", SOON, () -> !process.isAlive());
      } else {
        assertThat(process.isAlive()).isEqualTo(!dead);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @DisplayName("I11: each child's end is told as it was, whoever else is reaped meanwhile")
  void no_child_is_reaped_by_anybody_but_the_jdk(long seed) throws Exception {
    Random random = new Random(seed);
    Map<WatchedProcess, Integer> expected = new HashMap<>();
    for (int i = 0; i < 25; i++) {
      int code = random.nextInt(100);
      // An orphan besides, whom somebody else reaps.
      Process process = start("sh", "-c", "(setsid sleep 0.05 &) ; exit " + code);
      expected.put(WatchedProcess.ofChild(process, System::nanoTime, () -> {}), code);
    }
    for (Map.Entry<WatchedProcess, Integer> child : expected.entrySet()) {
      Patience.until("it has ended", SOON, () -> child.getKey().end().isPresent());
      assertThat(child.getKey().end().orElseThrow().status())
          .contains(new ExitStatus(child.getValue(), 0, false));
    }
  }

  @Test
  @DisplayName("I11: the kernel is not asked to wait for anybody, nor to kill with a parent")
  void the_binding_has_no_call_that_reaps_or_ties_a_worker_to_its_watchdog() {
    assertThat(
            Stream.of(Kernel.class.getDeclaredMethods())
                .filter(method -> Modifier.isNative(method.getModifiers()))
                .map(Method::getName))
        .isNotEmpty()
        .doesNotContain("waitpid", "waitid", "wait4", "prctl");
  }

  private static ProcessIdentity mistaken(ProcessIdentity truth, Random random) {
    return switch (random.nextInt(4)) {
      case 0 ->
          new ProcessIdentity(
              truth.pid(), truth.startTicks() + 1 + random.nextInt(100), truth.bootId());
      case 1 -> new ProcessIdentity(truth.pid(), truth.startTicks(), "an earlier boot");
      default -> truth;
    };
  }

  private Process start(String... command) throws IOException {
    Process process = new ProcessBuilder(command).start();
    started.add(process);
    return process;
  }
}

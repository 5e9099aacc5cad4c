package dev.stoker.watchdog;

import dev.stoker.database.Database;
import dev.stoker.health.GpuPin;
import dev.stoker.health.GpuReading;
import dev.stoker.health.GpuTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.watchdog.alert.Alert;
import dev.stoker.watchdog.alert.Alerts;
import dev.stoker.watchdog.gpu.Gpu;
import dev.stoker.watchdog.gpu.GpuJudgement;
import dev.stoker.watchdog.gpu.GpuLook;
import dev.stoker.watchdog.gpu.GpuWatch;
import dev.stoker.watchdog.observe.DatabaseThread;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells others how the GPUs of this host are, and which workers a broken one fails. Does so on the
 * supervision's thread, and what waits for the database on the database's.
 */
final class HostGpus implements GpuWatch.Listener {

  /**
   * What others are told at once.
   *
   * @param readings empty if the driver could not be asked
   * @param faults by GPU
   * @param slotFaults by slot; empty where all is well
   */
  private record News(
      Optional<List<GpuReading>> readings,
      Map<Integer, String> faults,
      List<String> slotFaults,
      long askedAt) {}

  private static final Logger log = LoggerFactory.getLogger(HostGpus.class);

  private final String host;
  private final List<SlotGpu> slots;
  private final DatabaseThread database;
  private final Executor supervision;
  private final LongSupplier ticker;
  private final Alerts alerts;

  private List<Gpu> gpus = List.of();
  private final Set<Integer> ever = new HashSet<>();
  private Optional<GpuLook> first = Optional.empty();
  private SortedMap<Integer, String> faults = new TreeMap<>();
  private boolean silent;
  private boolean writing;

  /**
   * @param slots in the order of their numbers
   */
  HostGpus(
      String host,
      List<SlotGpu> slots,
      DatabaseThread database,
      Executor supervision,
      LongSupplier ticker,
      Alerts alerts) {
    this.host = host;
    this.slots = slots;
    this.database = database;
    this.supervision = supervision;
    this.ticker = ticker;
    this.alerts = alerts;
  }

  @Override
  public void seen(GpuLook look, long askedAt) {
    supervision.execute(() -> tell(look, askedAt));
  }

  private void tell(GpuLook look, long askedAt) {
    first = first.or(() -> Optional.of(look));
    noticeSilence(look);
    gpus =
        switch (look) {
          case GpuLook.Seen seen -> seen.gpus();
          case GpuLook.NoGpu _ -> List.of();
          case GpuLook.Unknown _ -> gpus;
        };
    boolean known = !(look instanceof GpuLook.Unknown);
    SortedMap<Integer, String> found = new TreeMap<>(known ? vanished() : faults);
    gpus.forEach(gpu -> fault(look, gpu).ifPresent(why -> found.put(gpu.index(), why)));
    noticeFaults(found);
    faults = found;
    store(
        new News(
            known ? Optional.of(readings()) : Optional.empty(),
            Map.copyOf(faults),
            slots.stream().map(slot -> slotFault(look, slot).orElse("")).toList(),
            askedAt));
  }

  /** A card may fall off the bus so far that it is not counted any more. */
  private Map<Integer, String> vanished() {
    Set<Integer> present = gpus.stream().map(Gpu::index).collect(Collectors.toSet());
    ever.addAll(present);
    return ever.stream()
        .filter(index -> !present.contains(index))
        .collect(Collectors.toMap(Function.identity(), _ -> "it is not there any more"));
  }

  /** A GPU that no worker uses yet is held to what it did since this watchdog came. */
  private Optional<String> fault(GpuLook look, Gpu gpu) {
    return slots.stream().noneMatch(slot -> slot.answersFor(gpu))
        ? GpuJudgement.fault(look, first, GpuPin.ofIndex(gpu.index()))
        : slots.stream().flatMap(slot -> slot.fault(look, gpu).stream()).findFirst();
  }

  private Optional<String> slotFault(GpuLook look, SlotGpu slot) {
    return gpus.stream()
        .flatMap(
            gpu ->
                slot.fault(look, gpu).stream()
                    .map(why -> title(gpu.index()) + " is unhealthy: " + why))
        .findFirst()
        .or(() -> slot.fault(look).map(why -> "a GPU of " + host + " is unhealthy: " + why));
  }

  private List<GpuReading> readings() {
    return gpus.stream().map(gpu -> gpu.reading(faults.getOrDefault(gpu.index(), ""))).toList();
  }

  private void noticeSilence(GpuLook look) {
    if (look instanceof GpuLook.Unknown unknown) {
      if (!silent) {
        log.warn("The GPUs cannot be asked: {}", unknown.reason());
      }
      silent = true;
    } else if (silent) {
      log.info("The GPUs can be asked again");
      silent = false;
    }
  }

  private void noticeFaults(Map<Integer, String> found) {
    found.forEach(
        (index, why) -> {
          if (!faults.containsKey(index)) {
            String text = title(index) + " is unhealthy: " + why;
            log.error("{}", text);
            alerts.send(new Alert.GpuUnhealthy(title(index), text));
          }
        });
    faults.keySet().stream()
        .filter(index -> !found.containsKey(index))
        .forEach(index -> log.info("{} is no longer unhealthy", title(index)));
  }

  private String title(int index) {
    return "GPU " + index + " of " + host;
  }

  /** One at a time: a database that is away is told the newest once it is back. */
  private void store(News news) {
    if (writing) {
      return;
    }
    writing = true;
    database.ask(
        opened -> {
          opened.transactions().executeWithoutResult(_ -> write(opened, news));
          return news;
        },
        _ -> writing = false,
        failure -> {
          writing = false;
          log.debug("The GPUs are not described: {}", failure.toString());
        });
  }

  private void write(Database opened, News news) {
    Duration age = Duration.ofNanos(ticker.getAsLong() - news.askedAt());
    GpuTable table = new GpuTable(opened.jdbc());
    news.readings()
        .ifPresentOrElse(
            readings -> table.write(host, readings, age),
            () -> news.faults().forEach((index, why) -> table.condemn(host, index, why)));
    WorkerSlotTable workers = new WorkerSlotTable(opened.jdbc());
    for (int slot = 0; slot < slots.size(); slot++) {
      String fault = news.slotFaults().get(slot);
      if (news.readings().isPresent() || !fault.isEmpty()) {
        workers.gpuFault(SlotKeeper.nameOf(host, slot), fault, age);
      }
    }
  }
}

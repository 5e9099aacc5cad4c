package dev.stoker.watchdog.command;

import dev.stoker.health.SlotView;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerSlotTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Asks the watchdogs for something, and waits for a few seconds to see whether they do it.
 *
 * @param names of slots, or their numbers where these are unique; none means all that it fits
 */
record WishCommand(WorkerSlotTable table, SlotWish wish, List<String> names, LongSupplier ticker) {

  private static final Duration PATIENCE = Duration.ofSeconds(12);
  private static final Duration LOOK_EVERY = Duration.ofMillis(100);

  Answer run() {
    List<SlotView> slots = table.all();
    List<String> asked = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (SlotView slot : chosen(slots)) {
      (fits(slot) ? asked : refused).add(slot.worker());
    }
    asked.forEach(worker -> table.ask(worker, wish));
    return answer(awaited(asked), asked, refused);
  }

  private List<SlotView> chosen(List<SlotView> slots) {
    return names.isEmpty()
        ? slots.stream().filter(this::fits).toList()
        : names.stream().map(name -> named(name, slots)).distinct().toList();
  }

  private static SlotView named(String name, List<SlotView> slots) {
    List<SlotView> found =
        slots.stream()
            .filter(slot -> slot.worker().equals(name) || slot.worker().endsWith("/" + name))
            .toList();
    if (found.size() == 1) {
      return found.getFirst();
    }
    String all = String.join(", ", slots.stream().map(SlotView::worker).toList());
    throw new Misused(
        (found.isEmpty() ? "there is no slot " : "there are several slots ")
            + name
            + "; there are: "
            + all);
  }

  private boolean fits(SlotView slot) {
    return switch (wish) {
      case RESUME -> slot.state().waitsForPerson();
      case RESTART -> true;
      case NONE -> false;
    };
  }

  /** The slots once no wish is left, or patience is. */
  private List<SlotView> awaited(List<String> asked) {
    long begun = ticker.getAsLong();
    List<SlotView> slots = table.all();
    while (slots.stream().anyMatch(slot -> asked.contains(slot.worker()) && waits(slot))
        && ticker.getAsLong() - begun < PATIENCE.toNanos()) {
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      slots = table.all();
    }
    return slots;
  }

  private boolean waits(SlotView slot) {
    return slot.wish() == wish;
  }

  private Answer answer(List<SlotView> slots, List<String> asked, List<String> refused) {
    List<String> lines = new ArrayList<>();
    List<Object> data = new ArrayList<>();
    boolean done = refused.isEmpty();
    for (SlotView slot : slots) {
      String worker = slot.worker();
      if (asked.contains(worker)) {
        done &= !waits(slot);
        lines.add(worker + ": " + outcome(slot));
        data.add(data(slot, waits(slot) ? "asked" : "done"));
      } else if (refused.contains(worker)) {
        lines.add(
            "%s is %s: there is nothing to resume".formatted(worker, slot.state().wireName()));
        data.add(data(slot, "refused"));
      }
    }
    if (lines.isEmpty()) {
      lines.add("There is no slot to " + wish.wireName() + ".");
    }
    return new Answer(
        done ? Answer.DONE : Answer.FAILED, String.join("\n", lines), Map.of("slots", data));
  }

  private String outcome(SlotView slot) {
    if (waits(slot)) {
      return "asked to %s; its watchdog (pid %d, seen %s ago) has not taken notice yet"
          .formatted(wish.wireName(), slot.watchdogPid(), StatusCommand.age(slot.sinceSeen()));
    }
    String reason = slot.reason().isEmpty() ? "" : " (" + slot.reason() + ")";
    return "its watchdog has taken notice; now " + slot.state().wireName() + reason;
  }

  private static Map<String, Object> data(SlotView slot, String outcome) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("worker", slot.worker());
    data.put("outcome", outcome);
    data.put("state", slot.state().wireName());
    data.put("reason", slot.reason());
    return data;
  }
}

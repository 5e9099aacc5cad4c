package dev.stoker.watchdog.gpu;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import dev.stoker.watchdog.gpu.Gpu.Holder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * NVIDIA's management library, as far as it is needed; the layouts are those of its {@code nvml.h}.
 * Any call may hang for ever: only {@link GpuProbe}'s process makes one.
 */
final class Nvml {

  private static final int SUCCESS = 0;
  private static final int INSUFFICIENT_SIZE = 7;
  private static final int FUNCTION_NOT_FOUND = 13;

  private static final int TEXT_BYTES = 96;

  private static final int PCI_BYTES = 128;
  private static final int PCI_DOMAIN = 16;
  private static final int PCI_BUS = 20;
  private static final int PCI_DEVICE = 24;

  private static final int MEMORY_BYTES = 24;
  private static final int MEMORY_TOTAL = 0;
  private static final int MEMORY_USED = 16;

  private static final int FIELD_BYTES = 40;
  private static final int FIELD_RETURN = 28;
  private static final int FIELD_VALUE = 32;
  private static final int FIELD_RECOVERY_ACTION = 230;

  private static final int PROCESS_BYTES = 24;

  /** Drivers 535.43 to 535.86 write longer records under the same function's name. */
  private static final int PROCESS_BYTES_MAX = 32;

  private static final int PROCESS_MEMORY = 8;
  private static final byte UNTOUCHED = (byte) 0xaa;
  private static final int PROCESSES_FIRST = 64;
  private static final int PROCESSES_MAX = 65_536;
  private static final long NOT_AVAILABLE = -1;

  /** What is being done about broken rows of memory. */
  private record Rows(boolean pending, boolean failed) {}

  private final NativeLibrary library;

  /**
   * @throws UnsatisfiedLinkError if there is no such library
   */
  Nvml(String name) {
    library = NativeLibrary.getInstance(name);
  }

  /**
   * @return NVML's error, 0 if there is none
   */
  int initialise() {
    return call("nvmlInit_v2");
  }

  /** Every GPU, also those that do not answer. */
  List<Gpu> gpus() {
    IntByReference count = new IntByReference();
    int error = call("nvmlDeviceGetCount_v2", count);
    if (error != SUCCESS) {
      throw new IllegalStateException("NVML error " + error + " when counting GPUs");
    }
    List<Gpu> gpus = new ArrayList<>();
    for (int index = 0; index < count.getValue(); index++) {
      gpus.add(gpu(index));
    }
    return gpus;
  }

  private Gpu gpu(int index) {
    PointerByReference handle = new PointerByReference();
    int error = call("nvmlDeviceGetHandleByIndex_v2", index, handle);
    return error == SUCCESS ? gpu(index, handle.getValue()) : silent(index, error);
  }

  private static Gpu silent(int index, int error) {
    OptionalLong unknown = OptionalLong.empty();
    return new Gpu(
        index, "", "", "", error, unknown, unknown, unknown, unknown, unknown, unknown, false,
        false, unknown, false, List.of());
  }

  private Gpu gpu(int index, Pointer device) {
    Memory memory = new Memory(MEMORY_BYTES);
    int memoryError = call("nvmlDeviceGetMemoryInfo", device, memory);
    boolean known = memoryError == SUCCESS;
    Rows rows = rows(device);
    return new Gpu(
        index,
        text("nvmlDeviceGetUUID", device),
        text("nvmlDeviceGetName", device),
        bus(device),
        memoryError == Gpu.LOST || memoryError == Gpu.RESET_REQUIRED ? memoryError : SUCCESS,
        known ? OptionalLong.of(memory.getLong(MEMORY_USED)) : OptionalLong.empty(),
        known ? OptionalLong.of(memory.getLong(MEMORY_TOTAL)) : OptionalLong.empty(),
        number("nvmlDeviceGetTemperature", device, 0),
        number("nvmlDeviceGetPowerUsage", device),
        utilisation(device),
        uncorrectedErrors(device),
        rows.pending() || number("nvmlDeviceGetRetiredPagesPendingStatus", device).orElse(0) != 0,
        rows.failed(),
        recoveryAction(device),
        mig(device),
        holders(device));
  }

  private String text(String function, Pointer device) {
    Memory text = new Memory(TEXT_BYTES);
    text.clear();
    return call(function, device, text, TEXT_BYTES) == SUCCESS
        ? text.getString(0, UTF_8.name())
        : "";
  }

  private String bus(Pointer device) {
    Memory pci = new Memory(PCI_BYTES);
    return call("nvmlDeviceGetPciInfo_v3", device, pci) == SUCCESS
        ? String.format(
            Locale.ROOT,
            "%04x:%02x:%02x",
            pci.getInt(PCI_DOMAIN),
            pci.getInt(PCI_BUS),
            pci.getInt(PCI_DEVICE))
        : "";
  }

  /** What a function gives through its last argument. */
  private OptionalLong number(String function, Object... arguments) {
    IntByReference number = new IntByReference();
    Object[] all = new Object[arguments.length + 1];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = number;
    return call(function, all) == SUCCESS
        ? OptionalLong.of(number.getValue())
        : OptionalLong.empty();
  }

  private OptionalLong utilisation(Pointer device) {
    Memory rates = new Memory(Long.BYTES);
    return call("nvmlDeviceGetUtilizationRates", device, rates) == SUCCESS
        ? OptionalLong.of(rates.getInt(0))
        : OptionalLong.empty();
  }

  private OptionalLong uncorrectedErrors(Pointer device) {
    int uncorrected = 1;
    int sinceDriverLoad = 0;
    LongByReference count = new LongByReference();
    return call("nvmlDeviceGetTotalEccErrors", device, uncorrected, sinceDriverLoad, count)
            == SUCCESS
        ? OptionalLong.of(count.getValue())
        : OptionalLong.empty();
  }

  private Rows rows(Pointer device) {
    IntByReference pending = new IntByReference();
    IntByReference failed = new IntByReference();
    int error =
        call(
            "nvmlDeviceGetRemappedRows",
            device,
            new IntByReference(),
            new IntByReference(),
            pending,
            failed);
    boolean known = error == SUCCESS;
    return new Rows(known && pending.getValue() != 0, known && failed.getValue() != 0);
  }

  private OptionalLong recoveryAction(Pointer device) {
    Memory field = new Memory(FIELD_BYTES);
    field.clear();
    field.setInt(0, FIELD_RECOVERY_ACTION);
    boolean known =
        call("nvmlDeviceGetFieldValues", device, 1, field) == SUCCESS
            && field.getInt(FIELD_RETURN) == SUCCESS;
    return known ? OptionalLong.of(field.getInt(FIELD_VALUE)) : OptionalLong.empty();
  }

  private boolean mig(Pointer device) {
    IntByReference current = new IntByReference();
    return call("nvmlDeviceGetMigMode", device, current, new IntByReference()) == SUCCESS
        && current.getValue() != 0;
  }

  private List<Holder> holders(Pointer device) {
    for (int room = PROCESSES_FIRST; room <= PROCESSES_MAX; room *= 2) {
      Memory records = new Memory((long) room * PROCESS_BYTES_MAX);
      records.setMemory(0, records.size(), UNTOUCHED);
      IntByReference count = new IntByReference(room);
      int error = call("nvmlDeviceGetComputeRunningProcesses_v3", device, count, records);
      if (error != INSUFFICIENT_SIZE) {
        return error == SUCCESS ? holders(records, count.getValue()) : List.of();
      }
    }
    return List.of();
  }

  private static List<Holder> holders(Memory records, int count) {
    long stride = stride(records, count);
    List<Holder> holders = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long used = records.getLong(i * stride + PROCESS_MEMORY);
      holders.add(
          new Holder(
              Integer.toUnsignedLong(records.getInt(i * stride)),
              used == NOT_AVAILABLE ? OptionalLong.empty() : OptionalLong.of(used)));
    }
    return holders;
  }

  /** Told by whether anything was written behind where the short records end. */
  private static long stride(Memory records, int count) {
    for (long at = (long) count * PROCESS_BYTES; at < (long) count * PROCESS_BYTES_MAX; at++) {
      if (records.getByte(at) != UNTOUCHED) {
        return PROCESS_BYTES_MAX;
      }
    }
    return PROCESS_BYTES;
  }

  private int call(String function, Object... arguments) {
    try {
      return library.getFunction(function).invokeInt(arguments);
    } catch (UnsatisfiedLinkError e) {
      return FUNCTION_NOT_FOUND; // an older driver
    }
  }
}

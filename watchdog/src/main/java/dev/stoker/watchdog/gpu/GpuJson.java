package dev.stoker.watchdog.gpu;

import dev.stoker.watchdog.gpu.Gpu.Holder;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** What a probe prints, and how that is read; a line each for the kernel's log and for NVML. */
final class GpuJson {

  private static final JsonFactory JSON = new JsonFactory();

  private GpuJson() {}

  static String write(KernelMessages messages) {
    return text(
        Map.of(
            "kernel_log_micros",
            messages.upToMicros(),
            "xids",
            messages.xids().stream().map(GpuJson::map).toList()));
  }

  static String write(List<Gpu> gpus) {
    return text(Map.of("gpus", gpus.stream().map(GpuJson::map).toList()));
  }

  static String failure(String reason) {
    return text(Map.of("failure", reason));
  }

  static String noLibrary() {
    return text(Map.of("no_library", true));
  }

  /**
   * @param output of a probe; of one that was killed, only its beginning
   * @param missing why there is no more, if there is none
   */
  static GpuLook read(String output, String missing) {
    KernelMessages messages = KernelMessages.NONE;
    GpuLook look = null;
    for (String line : output.lines().toList()) {
      Map<?, ?> object = parse(line);
      if (object.get("xids") instanceof List<?> xids) {
        messages = new KernelMessages(number(object, "kernel_log_micros").orElse(0), xids(xids));
      } else if (object.get("gpus") instanceof List<?> gpus) {
        look = new GpuLook.Seen(gpus.stream().map(gpu -> gpu((Map<?, ?>) gpu)).toList(), messages);
      } else if (object.get("failure") instanceof String reason) {
        look = new GpuLook.Unknown(reason, messages);
      } else if (object.containsKey("no_library")) {
        look = new GpuLook.NoGpu();
      }
    }
    return look == null ? new GpuLook.Unknown(missing, messages) : look;
  }

  private static Map<String, Object> map(Xid xid) {
    return Map.of(
        "bus", xid.bus(), "xid", xid.number(), "detail", xid.detail(), "at", xid.atMicros());
  }

  private static List<Xid> xids(List<?> xids) {
    return xids.stream()
        .map(xid -> (Map<?, ?>) xid)
        .map(
            xid ->
                new Xid(
                    string(xid, "bus"),
                    (int) number(xid, "xid").orElse(0),
                    string(xid, "detail"),
                    number(xid, "at").orElse(0)))
        .toList();
  }

  private static Map<String, Object> map(Gpu gpu) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("index", (long) gpu.index());
    map.put("uuid", gpu.uuid());
    map.put("name", gpu.name());
    map.put("bus", gpu.bus());
    map.put("fault", (long) gpu.fault());
    put(map, "used_bytes", gpu.usedBytes());
    put(map, "total_bytes", gpu.totalBytes());
    put(map, "temperature_c", gpu.temperatureCelsius());
    put(map, "power_mw", gpu.powerMilliwatts());
    put(map, "utilisation_percent", gpu.utilisationPercent());
    put(map, "uncorrected_errors", gpu.uncorrectedErrors());
    map.put("rows_pending", gpu.rowsPending());
    map.put("rows_failed", gpu.rowsFailed());
    put(map, "recovery_action", gpu.recoveryAction());
    map.put("mig", gpu.mig());
    map.put("holders", gpu.holders().stream().map(GpuJson::map).toList());
    return map;
  }

  private static Map<String, Object> map(Holder holder) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("pid", holder.pid());
    put(map, "used_bytes", holder.usedBytes());
    return map;
  }

  private static Gpu gpu(Map<?, ?> map) {
    return new Gpu(
        (int) number(map, "index").orElse(0),
        string(map, "uuid"),
        string(map, "name"),
        string(map, "bus"),
        (int) number(map, "fault").orElse(0),
        number(map, "used_bytes"),
        number(map, "total_bytes"),
        number(map, "temperature_c"),
        number(map, "power_mw"),
        number(map, "utilisation_percent"),
        number(map, "uncorrected_errors"),
        Boolean.TRUE.equals(map.get("rows_pending")),
        Boolean.TRUE.equals(map.get("rows_failed")),
        number(map, "recovery_action"),
        Boolean.TRUE.equals(map.get("mig")),
        ((List<?>) map.get("holders")).stream().map(holder -> holder((Map<?, ?>) holder)).toList());
  }

  private static Holder holder(Map<?, ?> map) {
    return new Holder(number(map, "pid").orElse(0), number(map, "used_bytes"));
  }

  private static void put(Map<String, Object> map, String key, OptionalLong value) {
    value.ifPresent(known -> map.put(key, known));
  }

  private static OptionalLong number(Map<?, ?> map, String key) {
    return map.get(key) instanceof Long number ? OptionalLong.of(number) : OptionalLong.empty();
  }

  private static String string(Map<?, ?> map, String key) {
    return map.get(key) instanceof String text ? text : "";
  }

  private static String text(Map<String, Object> object) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      write(json, object);
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, Object value) {
    switch (value) {
      case Map<?, ?> map -> {
        json.writeStartObject();
        map.forEach(
            (name, member) -> {
              json.writeName((String) name);
              write(json, member);
            });
        json.writeEndObject();
      }
      case List<?> list -> {
        json.writeStartArray();
        list.forEach(element -> write(json, element));
        json.writeEndArray();
      }
      case Boolean truth -> json.writeBoolean(truth);
      case Number number -> json.writeNumber(number.longValue());
      default -> json.writeString(value.toString());
    }
  }

  /** A line that was cut off, or is none of ours, is an empty object. */
  private static Map<?, ?> parse(String line) {
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), line)) {
      json.nextToken();
      return value(json) instanceof Map<?, ?> object ? object : Map.of();
    } catch (RuntimeException e) {
      return Map.of();
    }
  }

  private static Object value(JsonParser json) {
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> object = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String name = json.currentName();
          json.nextToken();
          object.put(name, value(json));
        }
        yield object;
      }
      case START_ARRAY -> {
        List<Object> array = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          array.add(value(json));
        }
        yield array;
      }
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> json.getString();
    };
  }
}

package dev.stoker.health;

import dev.stoker.database.Question;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.OptionalLong;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Every statement on GPUs. Each host's watchdog writes its own; times are the database's. */
public final class GpuTable {

  private static final String WRITE =
      """
      INSERT INTO gpu (host, index, uuid, name, memory_used_bytes, memory_total_bytes, utilisation_percent,
                       temperature_c, power_mw, fault, seen_at)
      VALUES (:host, :index, :uuid, :name, :memory_used_bytes, :memory_total_bytes, :utilisation_percent,
              :temperature_c, :power_mw, :fault, now() - :age_ms * interval '1 millisecond')
      ON CONFLICT (host, index) DO UPDATE
      SET uuid = EXCLUDED.uuid, name = EXCLUDED.name, memory_used_bytes = EXCLUDED.memory_used_bytes,
          memory_total_bytes = EXCLUDED.memory_total_bytes, utilisation_percent = EXCLUDED.utilisation_percent,
          temperature_c = EXCLUDED.temperature_c, power_mw = EXCLUDED.power_mw, fault = EXCLUDED.fault,
          seen_at = EXCLUDED.seen_at
      """;

  private static final String FORGET_OTHERS =
      "DELETE FROM gpu WHERE host = :host AND NOT (index = ANY (:indices))";

  private static final String CONDEMN =
      "UPDATE gpu SET fault = :fault WHERE host = :host AND index = :index";

  public static final Question<GpuView> ALL =
      new Question<>(
          """
          SELECT host, index, uuid, name, memory_used_bytes, memory_total_bytes, utilisation_percent, temperature_c,
                 power_mw, fault, seen_at, (extract(epoch FROM now() - seen_at) * 1000)::bigint AS age_ms
          FROM gpu
          ORDER BY host, index
          """,
          (row, _) -> view(row));

  private static final String READINGS =
      """
      SELECT host, index, uuid, name, memory_used_bytes, memory_total_bytes, utilisation_percent, temperature_c,
             power_mw, fault, seen_at, (extract(epoch FROM now() - seen_at) * 1000)::bigint AS age_ms
      FROM gpu
      WHERE host = :host AND seen_at >= :since
      ORDER BY index
      """;

  private static final String CLOCK = "SELECT clock_timestamp()";

  private final JdbcClient jdbc;

  public GpuTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Says what GPUs a host has; those that it had besides are forgotten. One transaction makes one
   * change of it.
   *
   * @param age how long ago the driver was asked
   */
  public void write(String host, List<GpuReading> readings, Duration age) {
    readings.forEach(reading -> write(host, reading, age));
    jdbc.sql(FORGET_OTHERS)
        .param("host", host)
        .param("indices", readings.stream().mapToInt(GpuReading::index).toArray())
        .update();
  }

  /** Says what is wrong with a GPU whose readings cannot be had; those before it grow older. */
  public void condemn(String host, int index, String fault) {
    jdbc.sql(CONDEMN).param("host", host).param("index", index).param("fault", fault).update();
  }

  /** The GPUs of all hosts. */
  public List<GpuView> all() {
    return ALL.ask(jdbc);
  }

  /**
   * What was read of a host's GPUs since a moment, so that it shows what was done before that.
   *
   * @param since as {@link #clock} said
   */
  public List<GpuView> readings(String host, Instant since) {
    return jdbc.sql(READINGS)
        .param("host", host)
        .param("since", since.atOffset(ZoneOffset.UTC))
        .query((row, _) -> view(row))
        .list();
  }

  /** The clock that readings are dated by; it may be set, unlike a monotonic one. */
  public Instant clock() {
    return jdbc.sql(CLOCK).query(OffsetDateTime.class).single().toInstant();
  }

  private void write(String host, GpuReading reading, Duration age) {
    jdbc.sql(WRITE)
        .param("host", host)
        .param("index", reading.index())
        .param("uuid", reading.uuid())
        .param("name", reading.name())
        .param("memory_used_bytes", boxed(reading.memoryUsedBytes()), Types.BIGINT)
        .param("memory_total_bytes", boxed(reading.memoryTotalBytes()), Types.BIGINT)
        .param("utilisation_percent", boxed(reading.utilisationPercent()), Types.INTEGER)
        .param("temperature_c", boxed(reading.temperatureCelsius()), Types.INTEGER)
        .param("power_mw", boxed(reading.powerMilliwatts()), Types.BIGINT)
        .param("fault", reading.fault())
        .param("age_ms", age.toMillis() + 1) // rounded up: never dated later than it was read
        .update();
  }

  private static Long boxed(OptionalLong number) {
    return number.isPresent() ? number.getAsLong() : null;
  }

  private static GpuView view(ResultSet row) throws SQLException {
    GpuReading reading =
        new GpuReading(
            row.getInt("index"),
            row.getString("uuid"),
            row.getString("name"),
            number(row, "memory_used_bytes"),
            number(row, "memory_total_bytes"),
            number(row, "utilisation_percent"),
            number(row, "temperature_c"),
            number(row, "power_mw"),
            row.getString("fault"));
    return new GpuView(
        row.getString("host"),
        reading,
        row.getObject("seen_at", OffsetDateTime.class).toInstant(),
        Duration.ofMillis(row.getLong("age_ms")));
  }

  private static OptionalLong number(ResultSet row, String column) throws SQLException {
    long number = row.getLong(column);
    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(number);
  }
}

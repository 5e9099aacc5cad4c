import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** db-scheduler with lock-and-fetch, see docs/performance.md of its repository. */
final class DbScheduler extends Rival {

  /** As in postgresql_tables.sql of its repository. */
  private static final String TABLES =
      """
      CREATE TABLE IF NOT EXISTS scheduled_tasks (
        task_name text NOT NULL,
        task_instance text NOT NULL,
        task_data bytea,
        execution_time timestamp with time zone NOT NULL,
        picked boolean NOT NULL,
        picked_by text,
        last_success timestamp with time zone,
        last_failure timestamp with time zone,
        consecutive_failures int,
        last_heartbeat timestamp with time zone,
        version bigint NOT NULL,
        priority smallint,
        PRIMARY KEY (task_name, task_instance)
      );
      CREATE INDEX IF NOT EXISTS execution_time_idx ON scheduled_tasks (execution_time);
      CREATE INDEX IF NOT EXISTS last_heartbeat_idx ON scheduled_tasks (last_heartbeat);
      CREATE INDEX IF NOT EXISTS priority_execution_time_idx
        ON scheduled_tasks (priority DESC, execution_time ASC);
      """;

  private final OneTimeTask<Void> task =
      Tasks.oneTime("nothing").execute((job, _) -> mark(Integer.parseInt(job.getId())));
  private final HikariDataSource pool;
  private final Scheduler scheduler;

  private DbScheduler(HikariDataSource pool, int threads, double lower, double upper) {
    this.pool = pool;
    scheduler =
        Scheduler.create(pool, task)
            .threads(threads)
            .executorService(
                Executors.newFixedThreadPool(threads, Thread.ofVirtual().factory()))
            .pollUsingLockAndFetch(lower, upper)
            .pollingInterval(Duration.ofMillis(100))
            .build();
    scheduler.start();
  }

  public static void main(String[] arguments) throws Exception {
    HikariDataSource pool = pool(arguments[0]);
    execute(pool, TABLES);
    new DbScheduler(
            pool,
            Integer.parseInt(arguments[1]),
            Double.parseDouble(arguments[2]),
            Double.parseDouble(arguments[3]))
        .serve();
  }

  @Override
  void pause() {
    scheduler.pause();
  }

  @Override
  void fill(int jobs) throws SQLException {
    scheduler.scheduleBatch(
        IntStream.range(0, jobs).mapToObj(number -> task.instance(Integer.toString(number))),
        Instant.now());
    analyze(pool, "scheduled_tasks");
  }

  @Override
  void go() {
    scheduler.resume();
  }
}

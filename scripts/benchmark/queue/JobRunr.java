import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.IntStream;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.scheduling.BackgroundJobRequest;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;
import org.jobrunr.utils.mapper.jackson.JacksonJsonMapper;

/** JobRunr, the open source edition, with many workers on virtual threads. */
final class JobRunr extends Rival {

  /** The shortest that it allows on a database; between two looks it fetches whenever it can. */
  private static final Duration POLL_INTERVAL = Duration.ofSeconds(5);

  private final HikariDataSource pool;
  private final BackgroundJobServer server;

  private JobRunr(HikariDataSource pool, int workers) {
    this.pool = pool;
    org.jobrunr.configuration.JobRunr.configure()
        .useJsonMapper(new JacksonJsonMapper())
        .useStorageProvider(new PostgresStorageProvider(pool))
        .useBackgroundJobServer(
            BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                .andWorkerCount(workers)
                .andPollInterval(POLL_INTERVAL))
        .initialize();
    server = org.jobrunr.configuration.JobRunr.getBackgroundJobServer();
  }

  public static void main(String[] arguments) throws Exception {
    new JobRunr(pool(arguments[0]), Integer.parseInt(arguments[1])).serve();
  }

  @Override
  void pause() {
    server.pauseProcessing();
  }

  @Override
  void fill(int jobs) throws SQLException {
    BackgroundJobRequest.enqueue(IntStream.range(0, jobs).mapToObj(Nothing::new));
    analyze(pool, "jobrunr_jobs");
  }

  @Override
  void go() {
    server.resumeProcessing();
  }

  /** A job. */
  public record Nothing(int number) implements JobRequest {
    @Override
    public Class<Runner> getJobRequestHandler() {
      return Runner.class;
    }
  }

  /** Runs it. */
  public static final class Runner implements JobRequestHandler<Nothing> {
    @Override
    public void run(Nothing job) {
      mark(job.number());
    }
  }
}

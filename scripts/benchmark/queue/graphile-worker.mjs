// graphile-worker as its page on performance configures it (https://worker.graphile.org/docs/performance).
import { Logger, run, runMigrations } from "graphile-worker";
import pg from "pg";
import { mark, serve } from "./rival.mjs";

const [concurrentJobs, localQueue] = process.argv.slice(2);
const connectionString = process.env.DATABASE_URI;
const preset = {
  worker: {
    connectionString,
    concurrentJobs: Number(concurrentJobs),
    maxPoolSize: Number(concurrentJobs) + 1,
    localQueue: { size: Number(localQueue) },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger: new Logger(() => () => {}),
  },
};
process.env.NO_LOG_SUCCESS = "1";
await runMigrations({ preset });
const client = new pg.Client({ connectionString });
await client.connect();
await run({ preset, taskList: { nothing: ({ number }) => mark(number) } });
let filled = false;

await serve({
  pause() {},
  // Its workers are told by a notification, which the end of the transaction sends.
  async fill(count) {
    const jobs = Array.from({ length: count }, (_, number) => ({ identifier: "nothing", payload: { number } }));
    await client.query("BEGIN");
    await client.query(
      "SELECT FROM graphile_worker.add_jobs(ARRAY(SELECT json_populate_recordset(NULL::graphile_worker.job_spec, $1::json)))",
      [JSON.stringify(jobs)],
    );
    await client.query("ANALYZE graphile_worker._private_jobs");
    filled = true;
  },
  async go() {
    if (filled) await client.query("COMMIT");
    filled = false;
  },
});

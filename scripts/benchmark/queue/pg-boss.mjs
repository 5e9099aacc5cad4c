// pg-boss with fetches and completions of many jobs at once, side by side, without the orders that cost time.
import { PgBoss } from "pg-boss";
import { mark, serve } from "./rival.mjs";

const QUEUE = "nothing";
const INSERTED_AT_ONCE = 10_000;
const IDLE_MS = 10;

const [loops, batchSize] = process.argv.slice(2);
const fetching = { batchSize: Number(batchSize), priority: false, orderByCreatedOn: false };
const boss = new PgBoss({ connectionString: process.env.DATABASE_URI, max: Number(loops) + 2 });
boss.on("error", (error) => console.error(error));
await boss.start();
await boss.createQueue(QUEUE);

let paused = true;

async function work() {
  for (;;) {
    const jobs = paused ? [] : await boss.fetch(QUEUE, fetching);
    jobs.forEach((job) => mark(job.data.number));
    if (jobs.length > 0) {
      await boss.complete(QUEUE, jobs.map((job) => job.id));
    } else {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    }
  }
}

for (let i = 0; i < Number(loops); i++) {
  work().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

await serve({
  pause() {
    paused = true;
  },
  async fill(count) {
    for (let from = 0; from < count; from += INSERTED_AT_ONCE) {
      const length = Math.min(INSERTED_AT_ONCE, count - from);
      await boss.insert(QUEUE, Array.from({ length }, (_, i) => ({ data: { number: from + i } })));
    }
    await boss.getDb().executeSql("ANALYZE pgboss.job");
  },
  async go() {
    paused = false;
  },
});

package dev.stoker.health;

import dev.stoker.database.Question;
import org.springframework.jdbc.core.simple.JdbcClient;

/** How much waits. */
public final class QueueTable {

  /** Answered by one row. */
  public static final Question<QueueView> QUEUE =
      new Question<>(
          """
          SELECT b.*, s.*
          FROM (SELECT count(*) FILTER (WHERE status = 'validating') AS validating,
                       count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
                       count(*) FILTER (WHERE status = 'finalizing') AS finalizing,
                       count(*) FILTER (WHERE status = 'cancelling') AS cancelling
                FROM batch WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling')) AS b,
               (SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
                       count(*) FILTER (WHERE state = 'leased') AS leased,
                       coalesce(sum(lines - completed - failed), 0) AS open_lines
                FROM shard WHERE (state <> 'done') IS TRUE) AS s
          """,
          (row, _) ->
              new QueueView(
                  row.getInt("validating"),
                  row.getInt("in_progress"),
                  row.getInt("finalizing"),
                  row.getInt("cancelling"),
                  row.getInt("queued"),
                  row.getInt("leased"),
                  row.getLong("open_lines")));

  private static final String READY =
      "SELECT to_regclass('batch') IS NOT NULL AND to_regclass('worker_slot') IS NOT NULL";

  private final JdbcClient jdbc;

  public QueueTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  public QueueView read() {
    return QUEUE.ask(jdbc).getFirst();
  }

  /** Whether the database answers and has the tables. */
  public boolean ready() {
    return jdbc.sql(READY).query(Boolean.class).single();
  }
}

/**
 * The api-server: HTTP in, shards out; files in and out. {@link dev.stoker.api.ApiServer} starts
 * it; each feature has a package of its own, with its settings, its configuration and its
 * statements.
 *
 * <p>Data flows one way: {@code files} takes an upload, {@code batches} creates a batch of it,
 * {@code intake} turns that into shards, workers run them, {@code ending} ends what no worker ends,
 * {@code files} gives the results back. {@code batches} asks {@code health} whether a worker is
 * there at all.
 *
 * <p>It holds no state: any number may run on one database, and each may die at any instant. It is
 * the one process that migrates the database.
 */
package dev.stoker.api;

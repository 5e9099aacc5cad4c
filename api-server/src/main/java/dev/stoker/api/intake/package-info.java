/**
 * From an uploaded file to queued shards. A batch is judged by what the upload noted of its file's
 * parts, with statements whose cost does not depend on the size of the lines; only when something
 * is wrong are the parts that offend read again, to say which lines and why. All of one judgement
 * is one transaction on the locked batch row: a crash leaves the batch as it was, and the next
 * round, here or in another api-server, takes it up again.
 *
 * <p>The loop takes one batch after another, oldest first, and passes over those that another
 * process has locked. A batch that cannot be judged yet, because the worker that may know its model
 * is still starting, is left alone until the next round. One that was cancelled before it was
 * judged is judged all the same: its requests have to be accounted for.
 */
package dev.stoker.api.intake;

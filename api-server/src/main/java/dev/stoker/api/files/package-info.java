/**
 * Files: upload, list, download, deletion, and what is swept away.
 *
 * <p>An upload is never held whole, in memory or on disk. Its row is written first, with the status
 * {@code uploading}, which nobody sees; {@link dev.stoker.api.files.PartCutter} cuts the bytes into
 * parts of whole lines while they arrive, judging each line once; the parts are stored in small
 * transactions; a last one makes the file visible. A client that goes away, a server that dies or a
 * file that is refused leaves an invisible row, deleted at once or by {@link
 * dev.stoker.api.files.FileSweeper} an hour later.
 *
 * <p>The form's fields may come in any order, so nothing about the file is decided before the form
 * has ended, unless it is known to be hopeless earlier.
 *
 * <p>A result file has no bytes of its own: its content is the results of its batch and kind, in
 * the order of lines. Deleting it deletes its row; the sweeper then deletes the results, in
 * portions. An input file cannot be deleted while a batch that has not ended needs it.
 */
package dev.stoker.api.files;

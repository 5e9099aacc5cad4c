/**
 * Files. An uploaded file's bytes live in parts of whole lines, cut while the upload streams in; a
 * produced file is no bytes at all but a view of its batch's results. A file is visible once its
 * row says processed.
 */
package dev.stoker.file;

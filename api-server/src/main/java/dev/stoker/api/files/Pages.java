package dev.stoker.api.files;

import java.util.List;

/** A file, a page at a time. Nobody asks for a page before the one before has come. */
interface Pages {

  /** What comes next; nothing at the end. */
  List<byte[]> next();
}

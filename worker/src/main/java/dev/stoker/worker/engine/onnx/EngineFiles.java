package dev.stoker.worker.engine.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * What an engine needs as files, unpacked once for all starts: inflating them takes longer than all
 * else that a start does. A directory of them is complete and named after what is in it, or is not
 * there; one that was damaged is replaced. Several processes may open the same one at once.
 */
final class EngineFiles {
  private static final Logger log = LoggerFactory.getLogger(EngineFiles.class);

  /** Lists the files: a check sum, a size and a name in each line. Written last. */
  private static final String LIST = "files";

  /** Begins the name of a directory that is not complete; the pid of its maker follows. */
  private static final String FRESH = ".new.";

  /** Makes further files of those that were unpacked; leaves nothing else behind. */
  @FunctionalInterface
  interface Derivation {
    void in(Path directory) throws IOException;
  }

  private EngineFiles() {}

  /**
   * The directory that holds the files.
   *
   * @param root where such directories are
   * @param name begins the directory's name
   * @param resources of the class path by the names of the files that they become
   * @param derivation what else is made of them
   */
  static Path open(Path root, String name, Map<String, String> resources, Derivation derivation)
      throws IOException {
    Path directory = root.resolve(name + "-" + digest(resources));
    if (!intact(directory)) {
      removeLeftovers(Files.createDirectories(root));
      Path fresh = Files.createTempDirectory(root, FRESH + ProcessHandle.current().pid() + "-");
      try {
        unpack(resources, derivation, fresh);
        put(fresh, directory);
      } finally {
        FileSystemUtils.deleteRecursively(fresh);
      }
    }
    return directory;
  }

  /** What a process that was killed in the middle of it has left, over 100 MB each time. */
  private static void removeLeftovers(Path root) throws IOException {
    for (Path path : files(root)) {
      String name = path.getFileName().toString();
      if (name.startsWith(FRESH)) {
        String pid = name.substring(FRESH.length(), name.indexOf('-'));
        if (ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
          FileSystemUtils.deleteRecursively(path);
        }
      }
    }
  }

  private static void unpack(Map<String, String> resources, Derivation derivation, Path into)
      throws IOException {
    for (Map.Entry<String, String> file : resources.entrySet()) {
      try (InputStream content = resource(file.getValue()).openStream()) {
        Files.copy(content, into.resolve(file.getKey()));
      }
    }
    derivation.in(into);
    StringBuilder list = new StringBuilder();
    for (Path file : files(into)) {
      flush(file);
      list.append(described(file)).append('\n');
    }
    Files.writeString(into.resolve(LIST), list);
    flush(into.resolve(LIST));
  }

  /** Takes the place of a damaged directory, but not of an intact one that another made first. */
  private static void put(Path fresh, Path directory) throws IOException {
    if (Files.exists(directory) && !intact(directory)) {
      log.warn("{} is damaged and is made anew", directory);
      // Whoever has its files open keeps them.
      FileSystemUtils.deleteRecursively(directory);
    }
    try {
      Files.move(fresh, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!intact(directory)) {
        throw e;
      }
    }
  }

  private static boolean intact(Path directory) {
    try {
      return Files.readAllLines(directory.resolve(LIST)).parallelStream()
          .allMatch(line -> matches(directory, line));
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean matches(Path directory, String line) {
    try {
      return described(directory.resolve(line.substring(line.lastIndexOf(' ') + 1))).equals(line);
    } catch (IOException e) {
      return false;
    }
  }

  private static String described(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      CRC32 checksum = new CRC32();
      checksum.update(mapped(channel));
      return "%08x %d %s".formatted(checksum.getValue(), channel.size(), file.getFileName());
    }
  }

  /** A file of these in memory, of which all processes share one copy. */
  static ByteBuffer mapped(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return mapped(channel);
    }
  }

  private static ByteBuffer mapped(FileChannel channel) throws IOException {
    return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  private static void flush(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Of the names and check sums that the jars hold anyway: nothing is inflated for it. */
  private static String digest(Map<String, String> resources) throws IOException {
    StringBuilder all = new StringBuilder();
    for (Map.Entry<String, String> file : new TreeMap<>(resources).entrySet()) {
      var connection = (JarURLConnection) resource(file.getValue()).openConnection();
      var entry = connection.getJarEntry();
      all.append(file.getKey()).append(entry.getCrc()).append(' ').append(entry.getSize());
    }
    CRC32 digest = new CRC32();
    digest.update(all.toString().getBytes(UTF_8));
    return "%08x".formatted(digest.getValue());
  }

  /** A file of the class path. */
  static URL resource(String name) throws FileNotFoundException {
    URL url = EngineFiles.class.getResource("/" + name);
    if (url == null) {
      throw new FileNotFoundException(name + " is not on the class path");
    }
    return url;
  }
}

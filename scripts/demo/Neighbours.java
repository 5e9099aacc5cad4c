import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** For each of some embedded texts, the other one whose vector is closest. */
final class Neighbours {
  private static final Pattern ORDINAL = Pattern.compile("[-_.:#]?\\d+$");

  record Embedded(String customId, String text, float[] unitVector) {
    String topic() {
      return ORDINAL.matcher(customId).replaceFirst("");
    }
  }

  record Pair(Embedded of, Embedded nearest, double similarity) {
    boolean sameTopic() {
      return of.topic().equals(nearest.topic());
    }
  }

  private final List<Pair> pairs;

  private Neighbours(List<Pair> pairs) {
    this.pairs = pairs;
  }

  static Neighbours among(List<Embedded> texts) {
    return new Neighbours(
        IntStream.range(0, texts.size()).parallel().mapToObj(i -> nearest(texts, i)).toList());
  }

  /** A vector of length one, so that a dot product is a cosine. */
  static float[] unit(float[] vector) {
    double length = Math.sqrt(dot(vector, vector));
    float[] unit = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      unit[i] = (float) (vector[i] / length);
    }
    return unit;
  }

  List<Pair> all() {
    return pairs;
  }

  /** Some pairs from all over the list, at varying places within its topics. */
  List<Pair> samples(int wanted) {
    int count = Math.min(wanted, pairs.size());
    int step = pairs.size() / count;
    return IntStream.range(0, count).mapToObj(k -> pairs.get(k * step + 3 * k % step)).toList();
  }

  /** Whether the custom ids say topics at all: several, each with several texts. */
  boolean haveTopics() {
    int topics = sizes().size();
    return topics > 1 && topics <= pairs.size() / 2;
  }

  long ofSameTopic() {
    return pairs.stream().filter(Pair::sameTopic).count();
  }

  /** How many neighbours of the same topic blind choice would give. */
  double ofSameTopicByChance() {
    double others = pairs.size() - 1.0;
    return sizes().values().stream().mapToDouble(size -> size * (size - 1) / others).sum();
  }

  private Map<String, Long> sizes() {
    return pairs.stream()
        .collect(Collectors.groupingBy(pair -> pair.of().topic(), Collectors.counting()));
  }

  private static Pair nearest(List<Embedded> texts, int of) {
    int nearest = -1;
    double best = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < texts.size(); i++) {
      double similarity = dot(texts.get(of).unitVector(), texts.get(i).unitVector());
      if (i != of && similarity > best) {
        best = similarity;
        nearest = i;
      }
    }
    return new Pair(texts.get(of), texts.get(nearest), best);
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < Math.min(a.length, b.length); i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}

package dev.stoker.worker.engine.body;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes what {@code /v1/embeddings} answers. */
public final class EmbeddingsReply {
  private static final JsonFactory JSON = new JsonFactory();

  /** Sign, "0.", up to nine digits, a comma. */
  private static final int FLOAT_BYTES = 13;

  private static final int FRAME_BYTES = 192;

  private EmbeddingsReply() {}

  /** The vectors, each number with the digits that give the same float again. */
  public static byte[] of(String model, List<float[]> vectors, boolean base64, long tokens) {
    int floats = vectors.size() * vectors.getFirst().length;
    var bytes = new ByteArrayOutputStream(floats * FLOAT_BYTES + FRAME_BYTES * vectors.size());
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      json.writeStringProperty("object", "list");
      json.writeArrayPropertyStart("data");
      for (int index = 0; index < vectors.size(); index++) {
        writeEmbedding(json, index, vectors.get(index), base64);
      }
      json.writeEndArray();
      json.writeStringProperty("model", model);
      json.writeObjectPropertyStart("usage");
      json.writeNumberProperty("prompt_tokens", tokens);
      json.writeNumberProperty("total_tokens", tokens);
      json.writeEndObject();
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void writeEmbedding(
      JsonGenerator json, int index, float[] vector, boolean base64) {
    json.writeStartObject();
    json.writeStringProperty("object", "embedding");
    json.writeNumberProperty("index", index);
    if (base64) {
      json.writeBinaryProperty("embedding", littleEndian(vector));
    } else {
      json.writeArrayPropertyStart("embedding");
      for (float value : vector) {
        json.writeNumber(value);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private static byte[] littleEndian(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return bytes.array();
  }
}

package dev.stoker.worker.engine.body;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** The body of a request for embeddings, read or refused. */
public sealed interface EmbeddingsRequest {

  /**
   * A request that can be run.
   *
   * @param inputs at least one, in the order of the reply
   * @param base64 whether vectors are wanted as base64 of little-endian floats
   */
  record Accepted(List<Input> inputs, boolean base64) implements EmbeddingsRequest {}

  /** A request that no retry would help. */
  record Refused(ErrorReply error) implements EmbeddingsRequest {}

  /** One thing to embed. */
  sealed interface Input {

    /** A text, not empty. */
    record Text(String text) implements Input {}

    /** Token ids of the model's vocabulary, at least one; run as they are. */
    record Tokens(long[] ids) implements Input {}
  }

  /** As many inputs as OpenAI takes in one request. */
  int INPUTS_MAX = 2048;

  /**
   * Reads a body. Unknown fields are passed over.
   *
   * @param vocabulary how many tokens the model knows
   * @param dimensions the length of the model's vectors
   */
  static EmbeddingsRequest parse(byte[] body, int vocabulary, int dimensions) {
    return new Reading(vocabulary, dimensions).read(body);
  }

  /** One pass over one body. */
  final class Reading {
    private static final JsonFactory JSON = new JsonFactory();

    private final int vocabulary;
    private final int dimensions;
    private List<Input> inputs = List.of();
    private boolean base64;

    private Reading(int vocabulary, int dimensions) {
      this.vocabulary = vocabulary;
      this.dimensions = dimensions;
    }

    private EmbeddingsRequest read(byte[] body) {
      try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
        if (json.nextToken() != JsonToken.START_OBJECT) {
          return new Refused(ErrorReply.notJson());
        }
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String field = json.currentName();
          json.nextToken();
          readField(field, json);
        }
      } catch (JacksonException _) {
        return new Refused(ErrorReply.notJson());
      } catch (Refusal refusal) {
        return new Refused(refusal.error);
      }
      return inputs.isEmpty()
          ? new Refused(ErrorReply.invalid("'input' is missing.", "input"))
          : new Accepted(inputs, base64);
    }

    private void readField(String field, JsonParser json) {
      switch (field) {
        case "input" -> inputs = inputs(json);
        case "encoding_format" -> base64 = base64(json);
        case "dimensions" -> checkDimensions(json);
        default -> json.skipChildren();
      }
    }

    private List<Input> inputs(JsonParser json) {
      return switch (json.currentToken()) {
        case VALUE_STRING -> List.of(text(json, "input"));
        case START_ARRAY -> inputArray(json);
        default -> throw invalid("'input' must be a string, strings, token ids or arrays of them.");
      };
    }

    private List<Input> inputArray(JsonParser json) {
      JsonToken first = json.nextToken();
      if (first == JsonToken.END_ARRAY) {
        throw invalid("'input' is an empty array.");
      }
      if (first == JsonToken.VALUE_NUMBER_INT) {
        return List.of(tokens(json, "input"));
      }
      List<Input> read = new ArrayList<>();
      for (var token = first; token != JsonToken.END_ARRAY; token = json.nextToken()) {
        String where = "input[" + read.size() + "]";
        if (token != first) {
          throw invalid("'" + where + "' is of another type than 'input[0]'.");
        }
        if (read.size() == INPUTS_MAX) {
          throw invalid("'input' has more than " + INPUTS_MAX + " items.");
        }
        read.add(element(json, where));
      }
      return List.copyOf(read);
    }

    private Input element(JsonParser json, String where) {
      return switch (json.currentToken()) {
        case VALUE_STRING -> text(json, where);
        case START_ARRAY -> {
          json.nextToken();
          yield tokens(json, where);
        }
        default -> throw invalid("'" + where + "' is neither a string nor an array of token ids.");
      };
    }

    private static Input text(JsonParser json, String where) {
      String text = json.getString();
      if (text.isEmpty()) {
        throw invalid("'" + where + "' is an empty string.");
      }
      return new Input.Text(text);
    }

    /** Reads ids from the current token to the array's end. */
    private Input tokens(JsonParser json, String where) {
      LongStream.Builder ids = LongStream.builder();
      for (var token = json.currentToken();
          token != JsonToken.END_ARRAY;
          token = json.nextToken()) {
        ids.add(tokenId(json, where));
      }
      long[] read = ids.build().toArray();
      if (read.length == 0) {
        throw invalid("'" + where + "' is an empty array.");
      }
      return new Input.Tokens(read);
    }

    private long tokenId(JsonParser json, String where) {
      boolean small =
          json.currentToken() == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() == JsonParser.NumberType.INT;
      int id = small ? json.getIntValue() : -1;
      if (id < 0 || id >= vocabulary) {
        throw invalid(
            "'" + where + "' holds something else than token ids from 0 to " + (vocabulary - 1));
      }
      return id;
    }

    private static boolean base64(JsonParser json) {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return false;
      }
      String format = json.currentToken() == JsonToken.VALUE_STRING ? json.getString() : "";
      return switch (format) {
        case "float" -> false;
        case "base64" -> true;
        default ->
            throw new Refusal(
                ErrorReply.invalid(
                    "'encoding_format' must be 'float' or 'base64'.", "encoding_format"));
      };
    }

    private void checkDimensions(JsonParser json) {
      boolean fits =
          json.currentToken() == JsonToken.VALUE_NULL
              || (json.currentToken() == JsonToken.VALUE_NUMBER_INT
                  && json.getString().equals(Integer.toString(dimensions)));
      if (!fits) {
        throw new Refusal(
            ErrorReply.invalid(
                "'dimensions' must be " + dimensions + " for this model.", "dimensions"));
      }
    }

    private static Refusal invalid(String message) {
      return new Refusal(ErrorReply.invalid(message, "input"));
    }
  }

  /** Ends a reading from any depth; never leaves {@link #parse}. */
  final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient ErrorReply error;

    private Refusal(ErrorReply error) {
      super(error.message(), null, false, false);
      this.error = error;
    }
  }
}

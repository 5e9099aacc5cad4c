package dev.stoker.worker.engine.llama;

import dev.stoker.worker.engine.body.ErrorReply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The body of a request for text, read or refused. */
sealed interface GenerationRequest {

  /**
   * A request that can be run.
   *
   * @param tasks at least one; those with the same prompt follow one another
   * @param prompts how many prompts there are, each with as many tasks as the others
   */
  record Accepted(List<Task.Generate> tasks, int prompts) implements GenerationRequest {}

  /** A request that no retry would help. */
  record Refused(ErrorReply error) implements GenerationRequest {}

  /** As many as OpenAI takes in one request. */
  int PROMPTS_MAX = 2048;

  int ANSWERS_MAX = 128;
  int STOPS_MAX = 4;
  int LIKELIEST_MAX = 20;

  /** Reads a body of {@code /v1/chat/completions}. */
  static GenerationRequest chat(byte[] body) {
    return new Reading(true).read(body);
  }

  /** Reads a body of {@code /v1/completions}. */
  static GenerationRequest text(byte[] body) {
    return new Reading(false).read(body);
  }

  /**
   * One pass over one body. What this engine does not do is refused, never passed over; what only
   * describes the request is.
   */
  final class Reading {
    private static final JsonMapper JSON = JsonMapper.shared();

    /** What the completions endpoint gives when nothing is said, after OpenAI's reference. */
    private static final int COMPLETION_TOKENS = 16;

    private final boolean chat;
    private List<Task.Prompt> prompts = List.of();
    private float temperature = 1;
    private int topK;
    private float topP = 1;
    private float minP;
    private float presencePenalty;
    private float frequencyPenalty;
    private float repeatPenalty = 1;
    private OptionalInt seed = OptionalInt.empty();
    private Map<Integer, Float> biases = Map.of();
    private Optional<String> grammar = Optional.empty();
    private OptionalInt tokensMax = OptionalInt.empty();
    private List<String> stops = List.of();
    private int answers = 1;
    private boolean likelihoods;
    private int likeliest;

    private Reading(boolean chat) {
      this.chat = chat;
    }

    private GenerationRequest read(byte[] body) {
      try {
        JsonNode json = JSON.readTree(body);
        if (!json.isObject()) {
          return new Refused(ErrorReply.notJson());
        }
        for (Map.Entry<String, JsonNode> field : json.properties()) {
          if (!field.getValue().isNull()) {
            read(field.getKey(), field.getValue());
          }
        }
        return accepted();
      } catch (JacksonException _) {
        return new Refused(ErrorReply.notJson());
      } catch (Refusal refusal) {
        return new Refused(refusal.error);
      }
    }

    private GenerationRequest accepted() throws Refusal {
      String input = chat ? "messages" : "prompt";
      require(!prompts.isEmpty(), input, "is missing");
      require(likelihoods || likeliest == 0, "top_logprobs", "needs 'logprobs'");
      if (!chat && tokensMax.isEmpty()) {
        tokensMax = OptionalInt.of(COMPLETION_TOKENS);
      }
      List<Task.Generate> tasks =
          prompts.stream()
              .flatMap(prompt -> IntStream.range(0, answers).mapToObj(i -> task(prompt, i)))
              .toList();
      return new Accepted(tasks, prompts.size());
    }

    /** Each of several answers to a prompt has a seed of its own. */
    private Task.Generate task(Task.Prompt prompt, int answer) {
      OptionalInt ownSeed =
          seed.isPresent() ? OptionalInt.of(seed.getAsInt() + answer) : OptionalInt.empty();
      return new Task.Generate(
          prompt,
          new Sampling(
              temperature,
              topK,
              topP,
              minP,
              presencePenalty,
              frequencyPenalty,
              repeatPenalty,
              ownSeed,
              biases,
              grammar),
          tokensMax,
          stops,
          likelihoods ? OptionalInt.of(likeliest) : OptionalInt.empty());
    }

    private void read(String name, JsonNode value) throws Refusal {
      switch (name) {
        case "model",
            "user",
            "metadata",
            "service_tier",
            "safety_identifier",
            "prompt_cache_key",
            "prompt_cache_retention",
            "parallel_tool_calls" -> {}
        case "stream", "store" ->
            require(value.isBoolean() && !value.booleanValue(), name, "must be false here");
        case "temperature" -> temperature = number(name, value, 0, 2);
        case "top_k" -> topK = integer(name, value, -1, Integer.MAX_VALUE);
        case "top_p" -> topP = number(name, value, 0, 1);
        case "min_p" -> minP = number(name, value, 0, 1);
        case "presence_penalty" -> presencePenalty = number(name, value, -2, 2);
        case "frequency_penalty" -> frequencyPenalty = number(name, value, -2, 2);
        case "repeat_penalty", "repetition_penalty" ->
            repeatPenalty = number(name, value, 0.01f, 10);
        case "seed" -> {
          require(value.isIntegralNumber() && value.canConvertToLong(), name, "must be an integer");
          seed = OptionalInt.of((int) value.longValue());
        }
        case "logit_bias" -> biases = biases(value);
        case "stop" -> stops = stops(value);
        case "n" -> answers = integer(name, value, 1, ANSWERS_MAX);
        case "max_tokens" -> tokensMax = OptionalInt.of(integer(name, value, 1, Integer.MAX_VALUE));
        default -> {
          if (chat) {
            readOfChat(name, value);
          } else {
            readOfText(name, value);
          }
        }
      }
    }

    private void readOfChat(String name, JsonNode value) throws Refusal {
      switch (name) {
        case "messages" -> prompts = List.of(conversation(value));
        case "max_completion_tokens" ->
            tokensMax = OptionalInt.of(integer(name, value, 1, Integer.MAX_VALUE));
        case "response_format" -> grammar = grammar(value);
        case "logprobs" -> {
          require(value.isBoolean(), name, "must be true or false");
          likelihoods = value.booleanValue();
        }
        case "top_logprobs" -> likeliest = integer(name, value, 0, LIKELIEST_MAX);
        case "tools", "functions" ->
            require(value.isArray() && value.isEmpty(), name, "cannot be used with this model");
        case "tool_choice", "function_call" ->
            require(
                List.of("none", "auto").contains(value.asString("")),
                name,
                "cannot be used with this model");
        case "modalities" ->
            require(
                value.isArray() && value.size() == 1 && value.get(0).asString("").equals("text"),
                name,
                "can only be [\"text\"]");
        default -> throw unknown(name);
      }
    }

    private void readOfText(String name, JsonNode value) throws Refusal {
      switch (name) {
        case "prompt" -> prompts = prompts(value);
        case "echo" ->
            require(value.isBoolean() && !value.booleanValue(), name, "must be false here");
        case "suffix" ->
            require(value.isString() && value.stringValue().isEmpty(), name, "cannot be used here");
        case "best_of" -> integer(name, value, 1, 1);
        case "logprobs" -> {
          likeliest = integer(name, value, 0, LIKELIEST_MAX);
          likelihoods = true;
        }
        default -> throw unknown(name);
      }
    }

    private static Refusal unknown(String name) {
      return new Refusal(
          ErrorReply.invalid("'" + name + "' is not a parameter that this engine has.", name));
    }

    private static Task.Prompt conversation(JsonNode messages) throws Refusal {
      require(
          messages.isArray() && !messages.isEmpty(), "messages", "must be an array of messages");
      List<LoadedModel.Message> turns = new ArrayList<>();
      for (JsonNode message : messages) {
        turns.add(turn(message, "messages[" + turns.size() + "]"));
      }
      return new Task.Prompt.Conversation(List.copyOf(turns));
    }

    private static LoadedModel.Message turn(JsonNode message, String where) throws Refusal {
      require(message.isObject(), where, "must be an object");
      for (Map.Entry<String, JsonNode> field : message.properties()) {
        boolean known = List.of("role", "content").contains(field.getKey());
        require(
            known || field.getValue().isNull(),
            where + "." + field.getKey(),
            "cannot be passed to this model");
      }
      String role =
          switch (message.path("role").asString("")) {
            case "system", "developer" -> "system";
            case "user" -> "user";
            case "assistant" -> "assistant";
            default ->
                throw invalid(where + ".role", "must be system, developer, user or assistant");
          };
      return new LoadedModel.Message(role, content(message.path("content"), where + ".content"));
    }

    private static String content(JsonNode content, String where) throws Refusal {
      StringBuilder text = new StringBuilder();
      if (content.isString()) {
        text.append(content.stringValue());
      } else {
        require(content.isArray(), where, "must be a text or an array of texts");
        for (JsonNode part : content) {
          require(
              part.path("type").asString("").equals("text") && part.path("text").isString(),
              where,
              "may hold nothing but texts");
          text.append(part.get("text").stringValue());
        }
      }
      // llama.cpp takes the end of a C string for the end of the text.
      require(text.indexOf("\0") < 0, where, "holds the character U+0000");
      return text.toString();
    }

    private static List<Task.Prompt> prompts(JsonNode value) throws Refusal {
      if (value.isString()) {
        return List.of(new Task.Prompt.Text(value.stringValue()));
      }
      require(
          value.isArray() && !value.isEmpty(),
          "prompt",
          "must be a text, texts, token ids or arrays of them");
      if (value.get(0).isNumber()) {
        return List.of(tokens(value));
      }
      require(value.size() <= PROMPTS_MAX, "prompt", "has more than " + PROMPTS_MAX + " items");
      List<Task.Prompt> prompts = new ArrayList<>();
      for (JsonNode one : value) {
        prompts.add(one.isString() ? new Task.Prompt.Text(one.stringValue()) : tokens(one));
      }
      return List.copyOf(prompts);
    }

    private static Task.Prompt tokens(JsonNode ids) throws Refusal {
      require(
          ids.isArray() && ids.valueStream().allMatch(JsonNode::isInt),
          "prompt",
          "holds something else than texts or token ids");
      return new Task.Prompt.Tokens(ids.valueStream().mapToInt(JsonNode::intValue).toArray());
    }

    private static List<String> stops(JsonNode value) throws Refusal {
      List<JsonNode> given = value.isArray() ? value.valueStream().toList() : List.of(value);
      require(
          given.size() <= STOPS_MAX
              && given.stream().allMatch(stop -> stop.isString() && !stop.stringValue().isEmpty()),
          "stop",
          "must be a text, or at most " + STOPS_MAX + " texts, none of them empty");
      return given.stream().map(JsonNode::stringValue).toList();
    }

    private static Map<Integer, Float> biases(JsonNode value) throws Refusal {
      require(value.isObject(), "logit_bias", "must be an object");
      Map<Integer, Float> biases = new HashMap<>();
      for (Map.Entry<String, JsonNode> bias : value.properties()) {
        require(bias.getKey().matches("\\d{1,9}"), "logit_bias", "must have token ids as its keys");
        biases.put(
            Integer.valueOf(bias.getKey()), number("logit_bias", bias.getValue(), -100, 100));
      }
      return Map.copyOf(biases);
    }

    private static Optional<String> grammar(JsonNode format) throws Refusal {
      try {
        return switch (format.path("type").asString("")) {
          case "text" -> Optional.empty();
          case "json_object" -> Optional.of(JsonGrammar.ofAnyObject());
          case "json_schema" ->
              Optional.of(JsonGrammar.of(format.path("json_schema").path("schema")));
          default ->
              throw invalid("response_format", "must be of type text, json_object or json_schema");
        };
      } catch (JsonGrammar.Unsupported e) {
        throw invalid("response_format", "cannot be enforced: " + e.getMessage());
      }
    }

    private static float number(String name, JsonNode value, float min, float max) throws Refusal {
      require(
          value.isNumber() && value.doubleValue() >= min && value.doubleValue() <= max,
          name,
          "must be a number from " + min + " to " + max);
      return value.floatValue();
    }

    private static int integer(String name, JsonNode value, int min, int max) throws Refusal {
      require(
          value.isInt() && value.intValue() >= min && value.intValue() <= max,
          name,
          min == max ? "can only be " + min : "must be an integer from " + min + " to " + max);
      return value.intValue();
    }

    private static void require(boolean holds, String name, String otherwise) throws Refusal {
      if (!holds) {
        throw invalid(name, otherwise);
      }
    }

    private static Refusal invalid(String name, String problem) {
      return new Refusal(ErrorReply.invalid("'" + name + "' " + problem + ".", name));
    }
  }

  /** Ends a reading from any depth. */
  final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient ErrorReply error;

    private Refusal(ErrorReply error) {
      super(error.message(), null, false, false);
      this.error = error;
    }
  }
}

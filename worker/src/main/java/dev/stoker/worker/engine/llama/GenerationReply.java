package dev.stoker.worker.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.worker.engine.TokenUsage;
import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes what {@code /v1/chat/completions} and {@code /v1/completions} answer.
 *
 * @param id tells this reply from others
 * @param createdSeconds since 1970
 * @param answers in the order of the prompts, those to the same prompt together
 * @param prompts how many prompts there were
 */
record GenerationReply(
    String id, long createdSeconds, String model, List<Answer> answers, int prompts) {
  private static final JsonFactory JSON = new JsonFactory();

  /** What was computed. The tokens of a prompt count once, whatever the number of its answers. */
  TokenUsage usage() {
    int answersEach = answers.size() / prompts;
    long input = 0;
    long cached = 0;
    for (int i = 0; i < answers.size(); i += answersEach) {
      input += answers.get(i).promptTokens();
      cached += answers.get(i).cachedTokens();
    }
    long output = answers.stream().mapToLong(Answer::tokens).sum();
    return new TokenUsage(input, cached, output, 0);
  }

  byte[] chat() {
    return written("chatcmpl-", "chat.completion", GenerationReply::writeMessage);
  }

  byte[] text() {
    return written("cmpl-", "text_completion", GenerationReply::writeText);
  }

  @FunctionalInterface
  private interface Content {
    void write(JsonGenerator json, Answer answer);
  }

  private byte[] written(String prefix, String object, Content content) {
    var bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      json.writeStringProperty("id", prefix + id);
      json.writeStringProperty("object", object);
      json.writeNumberProperty("created", createdSeconds);
      json.writeStringProperty("model", model);
      json.writeArrayPropertyStart("choices");
      for (int index = 0; index < answers.size(); index++) {
        Answer answer = answers.get(index);
        json.writeStartObject();
        json.writeNumberProperty("index", index);
        content.write(json, answer);
        json.writeStringProperty("finish_reason", answer.complete() ? "stop" : "length");
        json.writeEndObject();
      }
      json.writeEndArray();
      writeUsage(json);
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private void writeUsage(JsonGenerator json) {
    TokenUsage usage = usage();
    json.writeObjectPropertyStart("usage");
    json.writeNumberProperty("prompt_tokens", usage.input());
    json.writeNumberProperty("completion_tokens", usage.output());
    json.writeNumberProperty("total_tokens", usage.input() + usage.output());
    json.writeObjectPropertyStart("prompt_tokens_details");
    json.writeNumberProperty("cached_tokens", usage.cached());
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeMessage(JsonGenerator json, Answer answer) {
    json.writeObjectPropertyStart("message");
    json.writeStringProperty("role", "assistant");
    json.writeStringProperty("content", answer.text());
    json.writeNullProperty("refusal");
    json.writeEndObject();
    if (answer.choices().isEmpty()) {
      json.writeNullProperty("logprobs");
      return;
    }
    json.writeObjectPropertyStart("logprobs");
    json.writeArrayPropertyStart("content");
    for (Answer.Choice choice : answer.choices()) {
      json.writeStartObject();
      writeLikelihood(json, choice.chosen());
      json.writeArrayPropertyStart("top_logprobs");
      for (Answer.Likelihood other : choice.likeliest()) {
        json.writeStartObject();
        writeLikelihood(json, other);
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNullProperty("refusal");
    json.writeEndObject();
  }

  private static void writeLikelihood(JsonGenerator json, Answer.Likelihood likelihood) {
    json.writeStringProperty("token", text(likelihood));
    json.writeNumberProperty("logprob", likelihood.logarithm());
    json.writeArrayPropertyStart("bytes");
    for (byte value : likelihood.piece()) {
      json.writeNumber(Byte.toUnsignedInt(value));
    }
    json.writeEndArray();
  }

  private static void writeText(JsonGenerator json, Answer answer) {
    json.writeStringProperty("text", answer.text());
    if (answer.choices().isEmpty()) {
      json.writeNullProperty("logprobs");
      return;
    }
    json.writeObjectPropertyStart("logprobs");
    json.writeArrayPropertyStart("tokens");
    answer.choices().forEach(choice -> json.writeString(text(choice.chosen())));
    json.writeEndArray();
    json.writeArrayPropertyStart("token_logprobs");
    answer.choices().forEach(choice -> json.writeNumber(choice.chosen().logarithm()));
    json.writeEndArray();
    json.writeArrayPropertyStart("top_logprobs");
    for (Answer.Choice choice : answer.choices()) {
      json.writeStartObject();
      choice.likeliest().stream()
          .collect(
              Collectors.toMap(
                  GenerationReply::text,
                  Answer.Likelihood::logarithm,
                  Math::max,
                  LinkedHashMap::new))
          .forEach(json::writeNumberProperty);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("text_offset");
    int offset = 0;
    for (Answer.Choice choice : answer.choices()) {
      json.writeNumber(offset);
      offset += text(choice.chosen()).length();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static String text(Answer.Likelihood likelihood) {
    return new String(likelihood.piece(), UTF_8);
  }
}

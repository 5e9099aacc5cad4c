package dev.stoker.worker.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class JsonGrammarTest {

  @Test
  void optional_properties_bring_their_comma_along() throws Exception {
    String grammar =
        JsonGrammar.of(
            schema(
                """
                {"type":"object","required":["b"],"properties":{
                "a":{"type":"integer"},"b":{"type":"null"},"c":{"type":"boolean"}}}"""));

    assertThat(rules(grammar))
        .containsSubsequence(
            "r11 ::= \"\\\"c\\\"\" \":\" ws boolean \"\" | \"\"",
            "r12 ::= \",\" ws \"\\\"c\\\"\" \":\" ws boolean \"\" | \"\"",
            "r13 ::= \"\\\"b\\\"\" \":\" ws null r12",
            "r14 ::= \",\" ws \"\\\"b\\\"\" \":\" ws null r12",
            "r15 ::= \"\\\"a\\\"\" \":\" ws integer r14 | r13");
  }

  @Test
  void a_schema_may_contain_itself_inside_an_object_or_array() throws Exception {
    String grammar =
        JsonGrammar.of(
            schema(
                """
                {"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]},
                "all":{"type":"array","items":{"$ref":"#/$defs/leaf"}}},
                "$defs":{"leaf":{"type":"array","items":{"$ref":"#/$defs/leaf"}}}}"""));

    assertThat(rules(grammar)).anyMatch(rule -> rule.matches("r\\d+ ::= r\\d+ \\| null"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type":"string","pattern":"a"}                         | pattern
          {"type":"string","format":"email"}                      | format
          {"type":"integer","minimum":3}                          | minimum
          {"type":"number","multipleOf":3}                        | multipleOf
          {"type":"array","uniqueItems":true}                     | uniqueItems
          {"type":"array","maxItems":1001}                        | maxItems
          {"type":"array","minItems":3,"maxItems":2}              | allows nothing
          {"type":"object","patternProperties":{}}                | patternProperties
          {"type":"object","required":["a"]}                      | requires
          {"type":"object","properties":{"a":{}},"required":["b"]} | requires
          {"type":"date"}                                         | 'date'
          {"oneOf":[{"type":"null"}]}                             | oneOf
          {"allOf":[{"type":"null"}]}                             | allOf
          {"anyOf":[]}                                            | anyOf
          {"enum":[]}                                             | enum
          {"not":{}}                                              | not
          {"$ref":"#"}                                            | itself
          {"anyOf":[{"type":"null"},{"$ref":"#"}]}                | itself
          {"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}} | itself
          {"$ref":"#/$defs/a"}                                    | not there
          {"$ref":"other.json"}                                   | another document
          {"type":"object","properties":{"a":{"minimum":1}}}      | /properties/a
          7                                                       | no schema
          """)
  void what_cannot_be_enforced_is_refused(String schema, String reason) {
    assertThatThrownBy(() -> JsonGrammar.of(schema(schema)))
        .isInstanceOf(JsonGrammar.Unsupported.class)
        .hasMessageContaining(reason);
  }

  @Test
  void a_schema_nested_too_deeply_is_refused() {
    String deep = "{\"type\":\"array\",\"items\":".repeat(70) + "{}" + "}".repeat(70);

    assertThatThrownBy(() -> JsonGrammar.of(schema(deep)))
        .isInstanceOf(JsonGrammar.Unsupported.class)
        .hasMessageContaining("deeply");
  }

  private static JsonNode schema(String json) {
    return JsonMapper.shared().readTree(json);
  }

  private static String[] rules(String grammar) {
    return grammar.split("\n");
  }
}

package dev.stoker.worker.engine.llama;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/**
 * Makes of a JSON schema a grammar in llama.cpp's notation, which every answer obeys. It takes what
 * OpenAI's structured outputs take; a keyword that it cannot enforce is refused. Properties come in
 * the schema's order, and where an object names its properties it has no others.
 *
 * <p>llama.cpp's own conversion ends the whole process at a schema that it does not like.
 */
final class JsonGrammar {

  /** A schema that cannot be enforced. */
  static final class Unsupported extends Exception {
    private static final long serialVersionUID = 1L;

    Unsupported(String message) {
      super(message);
    }
  }

  /** Beyond it a repetition makes llama.cpp's rules too many. */
  private static final int REPETITIONS_MAX = 1000;

  private static final int RULES_MAX = 5000;
  private static final int DEPTH_MAX = 64;

  private static final Set<String> DESCRIBING =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "$schema",
          "$id",
          "$comment",
          "$defs",
          "definitions",
          "deprecated",
          "readOnly",
          "writeOnly");

  private static final Map<String, String> PRIMITIVES =
      Map.ofEntries(
          Map.entry("ws", "| \" \" | \"\\n\" [ \\t]{0,20}"),
          Map.entry("boolean", "\"true\" | \"false\""),
          Map.entry("null", "\"null\""),
          Map.entry("integer", "\"-\"? ( \"0\" | [1-9] [0-9]{0,15} )"),
          Map.entry(
              "number",
              "\"-\"? ( \"0\" | [1-9] [0-9]{0,15} ) ( \".\" [0-9]{1,15} )?"
                  + " ( [eE] [-+]? [0-9]{1,3} )?"),
          Map.entry(
              "char",
              "[^\"\\\\\\x7F\\x00-\\x1F] | [\\\\] ( [\"\\\\bfnrt/] | \"u\" [0-9a-fA-F]{4} )"),
          Map.entry("string", "\"\\\"\" char* \"\\\"\""),
          Map.entry("value", "object | array | string | number | boolean | null"),
          Map.entry("object", "\"{\" ws ( member ( \",\" ws member )* )? ws \"}\""),
          Map.entry("member", "string \":\" ws value"),
          Map.entry("array", "\"[\" ws ( value ( \",\" ws value )* )? ws \"]\""));

  private static final Map<String, String> FORMATS =
      Map.of(
          "date", "[0-9]{4} \"-\" [0-1] [0-9] \"-\" [0-3] [0-9]",
          "time", "[0-2] [0-9] \":\" [0-5] [0-9] \":\" [0-5] [0-9] \"Z\"",
          "date-time",
              "[0-9]{4} \"-\" [0-1] [0-9] \"-\" [0-3] [0-9] \"T\" [0-2] [0-9] \":\" [0-5] [0-9]"
                  + " \":\" [0-5] [0-9] \"Z\"",
          "uuid",
              "[0-9a-f]{8} \"-\" [0-9a-f]{4} \"-\" [0-9a-f]{4} \"-\" [0-9a-f]{4} \"-\" [0-9a-f]{12}");

  private final JsonNode root;
  private final Map<String, String> rules = new LinkedHashMap<>();
  private final Map<String, String> references = new HashMap<>();

  /** The references that are being followed and have not met an object or array yet. */
  private final Set<String> open = new HashSet<>();

  private JsonGrammar(JsonNode root) {
    this.root = root;
    rules.putAll(PRIMITIVES);
  }

  /** Any JSON object. */
  static String ofAnyObject() {
    return printed("object", PRIMITIVES);
  }

  /** What obeys a schema. */
  static String of(JsonNode schema) throws Unsupported {
    JsonGrammar grammar = new JsonGrammar(schema);
    return printed(grammar.rule(schema, "", 0), grammar.rules);
  }

  private static String printed(String root, Map<String, String> rules) {
    return rules.entrySet().stream()
        .map(rule -> rule.getKey() + " ::= " + rule.getValue())
        .collect(Collectors.joining("\n", "root ::= " + root + "\n", "\n"));
  }

  /** Adds what a schema needs. Returns the name of its rule. */
  private String rule(JsonNode schema, String where, int depth) throws Unsupported {
    require(depth <= DEPTH_MAX, where, "is nested too deeply");
    if (schema.isBoolean() && schema.booleanValue()) {
      return "value";
    }
    require(schema.isObject(), where, "is no schema");
    if (schema.has("$ref")) {
      return reference(schema, where, depth);
    }
    if (schema.has("const")) {
      only(schema, where, "const", "type");
      return added(literal(schema.get("const")), where);
    }
    if (schema.has("enum")) {
      only(schema, where, "enum", "type");
      return added(alternatives(schema.get("enum"), where), where);
    }
    if (schema.has("anyOf")) {
      only(schema, where, "anyOf");
      return choice(schema.get("anyOf"), where + "/anyOf", depth);
    }
    return typed(schema, where, depth);
  }

  private String reference(JsonNode schema, String where, int depth) throws Unsupported {
    only(schema, where, "$ref");
    String target = schema.get("$ref").asString("");
    require(!open.contains(target), where, "refers to itself");
    String known = references.get(target);
    if (known != null) {
      return known;
    }
    require(target.equals("#") || target.startsWith("#/"), where, "refers to another document");
    JsonNode referred = root.at(target.substring(1));
    require(!referred.isMissingNode(), where, "refers to " + target + ", which is not there");
    String name = "r" + rules.size();
    references.put(target, name);
    rules.put(name, "");
    open.add(target);
    rules.put(name, rule(referred, target, depth + 1));
    open.remove(target);
    return name;
  }

  private String choice(JsonNode schemas, String where, int depth) throws Unsupported {
    require(schemas.isArray() && !schemas.isEmpty(), where, "is no array of schemas");
    List<String> names = new ArrayList<>();
    for (JsonNode schema : schemas) {
      names.add(rule(schema, where + "/" + names.size(), depth + 1));
    }
    return added(String.join(" | ", names), where);
  }

  private String typed(JsonNode schema, String where, int depth) throws Unsupported {
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      List<String> names = new ArrayList<>();
      for (JsonNode one : type) {
        names.add(typed(schema, one.asString(""), where, depth, true));
      }
      require(!names.isEmpty(), where, "has no type");
      return added(String.join(" | ", names), where);
    }
    if (type.isMissingNode()) {
      String guess = schema.has("properties") ? "object" : schema.has("items") ? "array" : "value";
      return typed(schema, guess, where, depth, false);
    }
    return typed(schema, type.asString(""), where, depth, false);
  }

  /**
   * @param oneOfMany whether the schema's other keywords may be about other types
   */
  private String typed(JsonNode schema, String type, String where, int depth, boolean oneOfMany)
      throws Unsupported {
    return switch (type) {
      case "value", "boolean", "null", "integer", "number" -> {
        if (!oneOfMany) {
          only(schema, where, "type");
        }
        yield type;
      }
      case "string" -> string(schema, where);
      case "array", "object" -> {
        Set<String> outside = Set.copyOf(open);
        open.clear();
        String name =
            type.equals("array") ? array(schema, where, depth) : object(schema, where, depth);
        open.addAll(outside);
        yield name;
      }
      default -> throw new Unsupported("the schema at '" + where + "' has type '" + type + "'");
    };
  }

  private String string(JsonNode schema, String where) throws Unsupported {
    only(schema, where, "type", "minLength", "maxLength", "format");
    if (schema.has("format")) {
      only(schema, where, "type", "format");
      String format = FORMATS.get(schema.get("format").asString(""));
      require(format != null, where, "has a format that cannot be enforced");
      return added("\"\\\"\" " + format + " \"\\\"\"", where);
    }
    if (schema.has("minLength") || schema.has("maxLength")) {
      String times = times(schema, "minLength", "maxLength", 0, where);
      return added("\"\\\"\" char" + times + " \"\\\"\"", where);
    }
    return "string";
  }

  private String array(JsonNode schema, String where, int depth) throws Unsupported {
    only(schema, where, "type", "items", "minItems", "maxItems");
    String item =
        schema.has("items") ? rule(schema.get("items"), where + "/items", depth + 1) : "value";
    int min = bound(schema, "minItems", 0, where);
    if (schema.has("maxItems") && bound(schema, "maxItems", 0, where) == 0) {
      return added("\"[\" ws \"]\"", where);
    }
    String items =
        item + " ( \",\" ws " + item + " )" + times(schema, "minItems", "maxItems", 1, where);
    return added("\"[\" ws " + (min == 0 ? "( " + items + " )?" : items) + " ws \"]\"", where);
  }

  /**
   * @param fewer how many have been written already
   */
  private String times(JsonNode schema, String min, String max, int fewer, String where)
      throws Unsupported {
    int least = Math.max(0, bound(schema, min, 0, where) - fewer);
    if (!schema.has(max)) {
      return "{" + least + ",}";
    }
    int most = bound(schema, max, 0, where) - fewer;
    require(least <= most, where, "allows nothing");
    return "{" + least + "," + most + "}";
  }

  private static int bound(JsonNode schema, String key, int fallback, String where)
      throws Unsupported {
    if (!schema.has(key)) {
      return fallback;
    }
    JsonNode value = schema.get(key);
    require(
        value.isInt() && value.intValue() >= 0 && value.intValue() <= REPETITIONS_MAX,
        where + "/" + key,
        "is not a number from 0 to " + REPETITIONS_MAX);
    return value.intValue();
  }

  private String object(JsonNode schema, String where, int depth) throws Unsupported {
    only(schema, where, "type", "properties", "required", "additionalProperties");
    JsonNode others = schema.path("additionalProperties");
    if (schema.path("properties").isEmpty()) {
      boolean none = others.isBoolean() && !others.booleanValue();
      require(
          schema.path("required").isEmpty(), where, "requires a property that it does not name");
      if (none) {
        return added("\"{\" ws \"}\"", where);
      }
      return others.isObject() ? map(others, where, depth) : "object";
    }
    Set<String> required =
        schema
            .path("required")
            .valueStream()
            .map(name -> name.asString(""))
            .collect(Collectors.toSet());
    List<String> members = new ArrayList<>();
    List<Boolean> optional = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : schema.get("properties").properties()) {
      String name = property.getKey();
      String value = rule(property.getValue(), where + "/properties/" + name, depth + 1);
      members.add(quoted(StringNode.valueOf(name).toString()) + " \":\" ws " + value);
      optional.add(!required.remove(name));
    }
    require(required.isEmpty(), where, "requires a property that it does not name");
    return added("\"{\" ws " + members(members, optional, where) + " ws \"}\"", where);
  }

  private String map(JsonNode values, String where, int depth) throws Unsupported {
    String value = rule(values, where + "/additionalProperties", depth + 1);
    String member = added("string \":\" ws " + value, where);
    return added("\"{\" ws ( " + member + " ( \",\" ws " + member + " )* )? ws \"}\"", where);
  }

  /**
   * From the last to the first: what may follow when nothing has been written yet, and what when
   * something has, which calls for a comma.
   */
  private String members(List<String> members, List<Boolean> optional, String where)
      throws Unsupported {
    String first = "\"\"";
    String further = "\"\"";
    for (int i = members.size() - 1; i >= 0; i--) {
      String begun = members.get(i) + " " + further;
      String gone = "\",\" ws " + members.get(i) + " " + further;
      boolean skipped = optional.get(i);
      first = added(skipped ? begun + " | " + first : begun, where);
      further = added(skipped ? gone + " | " + further : gone, where);
    }
    return first;
  }

  private String alternatives(JsonNode values, String where) throws Unsupported {
    require(values.isArray() && !values.isEmpty(), where, "has an 'enum' that is no array");
    return values.valueStream().map(JsonGrammar::literal).collect(Collectors.joining(" | "));
  }

  private String added(String body, String where) throws Unsupported {
    require(rules.size() < RULES_MAX, where, "is too large");
    String name = "r" + rules.size();
    rules.put(name, body);
    return name;
  }

  private static String literal(JsonNode value) {
    return quoted(value.toString());
  }

  private static String quoted(String json) {
    return "\"" + json.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static void only(JsonNode schema, String where, String... keywords) throws Unsupported {
    for (String name : schema.propertyNames()) {
      require(
          DESCRIBING.contains(name) || List.of(keywords).contains(name),
          where,
          "has the keyword '" + name + "' where it cannot be enforced");
    }
  }

  private static void require(boolean holds, String where, String otherwise) throws Unsupported {
    if (!holds) {
      throw new Unsupported(
          "the schema" + (where.isEmpty() ? "" : " at '" + where + "'") + " " + otherwise);
    }
  }
}

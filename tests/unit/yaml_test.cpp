/* Located YAML: marks, look-up, overrides, printing, and every refusal with its exact message. */
#include "core/yaml.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

struct Tree {
    weft_yaml yaml = {};
    weft_error err = {};
    weft_status status;
    explicit Tree(const std::string &text) {
        status = weft_yaml_parse(&yaml, text.data(), text.size(), "f.yaml", &err);
    }
    ~Tree() { weft_yaml_destroy(&yaml); }
    Tree(const Tree &) = delete;
    Tree &operator=(const Tree &) = delete;
    std::string message() const {
        char out[2048];
        weft_error_format(&err, out, sizeof out);
        return out;
    }
};

std::string refusal(const std::string &text, weft_status expected = WEFT_E_PARSE) {
    Tree tree(text);
    EXPECT_EQ(tree.status, expected);
    EXPECT_EQ(tree.err.status, expected);
    EXPECT_EQ(tree.yaml.arena, nullptr);
    return tree.message();
}

void expect_place(const weft_yaml_node *node, int line, int column) {
    ASSERT_NE(node, nullptr);
    EXPECT_EQ(node->line, line);
    EXPECT_EQ(node->column, column);
}

std::string printed(const char *text) {
    char *buffer = nullptr;
    size_t size = 0;
    FILE *stream = open_memstream(&buffer, &size);
    weft_yaml_print_string(stream, text);
    fclose(stream);
    std::string out(buffer, size);
    free(buffer);
    return out;
}

std::string set_message(Tree &tree, const char *path, const char *value) {
    EXPECT_EQ(weft_yaml_set(&tree.yaml, path, value, &tree.err), WEFT_E_PARSE);
    return tree.message();
}

} // namespace

TEST(Yaml, MarksAreOneBased) {
    Tree tree("# comment\nname: x\nadc:\n  bits: 8\n  list: [1, {a: 2}]\n");
    ASSERT_EQ(tree.status, WEFT_OK) << tree.message();
    const weft_yaml_node *root = tree.yaml.root;
    expect_place(root, 2, 1);
    ASSERT_EQ(root->count, 2u);
    expect_place(root->keys[1], 3, 1);
    expect_place(weft_yaml_get(root, "name"), 2, 7);
    expect_place(weft_yaml_get(root, "adc"), 4, 3);
    expect_place(weft_yaml_nearest(root, "adc.bits"), 4, 9);
    expect_place(weft_yaml_nearest(root, "adc.list"), 5, 9);
    expect_place(weft_yaml_nearest(root, "adc.list.1.a"), 5, 17);
}

TEST(Yaml, ColumnsCountCharacters) {
    Tree tree("\xC3\xA4\xC3\xB6: 1\n");
    ASSERT_EQ(tree.status, WEFT_OK);
    expect_place(tree.yaml.root->values[0], 1, 5);
}

TEST(Yaml, ByteOrderMarkIsSkipped) {
    Tree tree("\xEF\xBB\xBF"
              "a: 1\n");
    ASSERT_EQ(tree.status, WEFT_OK) << tree.message();
    EXPECT_STREQ(tree.yaml.root->keys[0]->text, "a");
    expect_place(tree.yaml.root->values[0], 1, 4);
}

TEST(Yaml, KindsAndQuotes) {
    Tree tree("a: 1\nb: '1'\nc: \"1\"\nd: |\n  1\ne:\nf: []\ng: {}\n");
    ASSERT_EQ(tree.status, WEFT_OK);
    const weft_yaml_node *root = tree.yaml.root;
    const bool quoted[] = {false, true, true, true, false};
    const char *const texts[] = {"1", "1", "1", "1\n", ""};
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(root->values[i]->kind, WEFT_YAML_SCALAR);
        EXPECT_EQ(root->values[i]->quoted, quoted[i]) << i;
        EXPECT_STREQ(root->values[i]->text, texts[i]);
    }
    EXPECT_EQ(root->values[5]->kind, WEFT_YAML_SEQUENCE);
    EXPECT_EQ(root->values[5]->count, 0u);
    EXPECT_EQ(root->values[6]->kind, WEFT_YAML_MAP);
    EXPECT_EQ(root->values[6]->text, nullptr);
}

TEST(Yaml, GetAndNearestStopWherePathEnds) {
    Tree tree("a:\n  b: [1, 2]\n");
    const weft_yaml_node *root = tree.yaml.root;
    EXPECT_EQ(weft_yaml_get(root, "z"), nullptr);
    EXPECT_EQ(weft_yaml_get(nullptr, "z"), nullptr);
    EXPECT_EQ(weft_yaml_get(root->values[0]->values[0], "0"), nullptr);
    EXPECT_EQ(weft_yaml_nearest(root, ""), root);
    EXPECT_EQ(weft_yaml_nearest(root, "z.y"), root);
    EXPECT_EQ(weft_yaml_nearest(root, "a.z"), root->values[0]);
    EXPECT_EQ(weft_yaml_nearest(root, "a.b.2"), root->values[0]->values[0]);
    EXPECT_STREQ(weft_yaml_nearest(root, "a.b.1")->text, "2");
    EXPECT_EQ(weft_yaml_nearest(root, "a.b.99999999999999999999"), root->values[0]->values[0]);
}

TEST(YamlRefusal, Duplicates) {
    EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "f.yaml:3:1: a: duplicate key; first written at line 1");
    EXPECT_EQ(refusal("x:\n  c: {p: 1, q: 2, p: 3}\n"), "f.yaml:2:19: p: duplicate key; first written at line 2");
    EXPECT_EQ(refusal("z: 1\na: 1\nz: 2\na: 2\n"), "f.yaml:3:1: z: duplicate key; first written at line 1");
    EXPECT_EQ(refusal("a: 1\n'a': 2\n"), "f.yaml:2:1: a: duplicate key; first written at line 1");
}

TEST(YamlRefusal, AnchorsAliasesTags) {
    EXPECT_EQ(refusal("a: &x 1\n"), "f.yaml:1:4: anchors (&name) are not allowed");
    EXPECT_EQ(refusal("a: &x [1]\n"), "f.yaml:1:4: anchors (&name) are not allowed");
    EXPECT_EQ(refusal("a: &x {b: 1}\n"), "f.yaml:1:4: anchors (&name) are not allowed");
    EXPECT_EQ(refusal("a: *x\n"), "f.yaml:1:4: aliases (*name) are not allowed");
    EXPECT_EQ(refusal("a: !!str 1\n"), "f.yaml:1:4: tags (!name) are not allowed");
    EXPECT_EQ(refusal("a: !t [1]\n"), "f.yaml:1:4: tags (!name) are not allowed");
    EXPECT_EQ(refusal("a: ! 1\n"), "f.yaml:1:4: tags (!name) are not allowed");
}

TEST(YamlRefusal, DocumentsAndEmptyFiles) {
    EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "f.yaml:2:1: a second document is not allowed");
    EXPECT_EQ(refusal(""), "f.yaml:1:1: the file is empty");
    EXPECT_EQ(refusal("# only a comment\n"), "f.yaml:1:1: the file is empty");
    EXPECT_EQ(refusal("---\n"), "f.yaml:1:1: the file is empty");
}

TEST(YamlRefusal, Keys) {
    EXPECT_EQ(refusal("a: 1\n[b, c]: 2\n"), "f.yaml:2:1: a key must be a single word, not a list or map");
    EXPECT_EQ(refusal("? {b: 1}\n: 2\n"), "f.yaml:1:3: a key must be a single word, not a list or map");
}

TEST(YamlRefusal, Depth) {
    std::string open(WEFT_YAML_DEPTH_MAX, '['), close(WEFT_YAML_DEPTH_MAX, ']');
    Tree deepest(open + close);
    EXPECT_EQ(deepest.status, WEFT_OK) << deepest.message();
    EXPECT_EQ(refusal("[" + open + close + "]"), "f.yaml:1:65: nested deeper than 64 levels");
    EXPECT_EQ(refusal(std::string(1 << 20, '[')), "f.yaml:1:65: nested deeper than 64 levels");
}

TEST(YamlRefusal, BadBytes) {
    EXPECT_EQ(refusal("a: 1\nb: x\xFFy\n"), "f.yaml:2:5: malformed YAML: invalid leading UTF-8 octet");
    EXPECT_EQ(refusal("a: \xC3"), "f.yaml:1:4: malformed YAML: incomplete UTF-8 octet sequence");
    EXPECT_EQ(refusal(std::string("a: 1\0\n", 6)), "f.yaml:1:5: malformed YAML: control characters are not allowed");
    EXPECT_EQ(refusal("a: \"x\\0y\"\n"), "f.yaml:1:4: a string must not hold a zero byte");
}

TEST(YamlRefusal, Truncated) {
    EXPECT_EQ(
        refusal("a: [1, 2"),
        "f.yaml:1:9: malformed YAML: did not find expected ',' or ']' while parsing a flow sequence that starts at "
        "line 1");
    EXPECT_EQ(
        refusal("a: 1\nb: {c: 1"),
        "f.yaml:2:9: malformed YAML: did not find expected ',' or '}' while parsing a flow mapping that starts at "
        "line 2");
    EXPECT_EQ(
        refusal("a: 'text"),
        "f.yaml:1:9: malformed YAML: found unexpected end of stream while scanning a quoted scalar that starts at "
        "line 1");
    EXPECT_EQ(
        refusal("a: 1\nbc"),
        "f.yaml:2:3: malformed YAML: could not find expected ':' while scanning a simple key that starts at line 2");
}

TEST(YamlRefusal, Size) {
    weft_yaml yaml = {};
    weft_error err = {};
    std::string text(static_cast<size_t>(WEFT_YAML_BYTES_MAX) + 1, '#');
    EXPECT_EQ(weft_yaml_parse(&yaml, text.data(), text.size(), "f.yaml", &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "67108865 bytes are more than the 67108864 allowed");
}

TEST(YamlRefusal, MissingFile) {
    weft_yaml yaml = {};
    weft_error err = {};
    EXPECT_EQ(weft_yaml_load(&yaml, "no/such/file.yaml", &err), WEFT_E_IO);
    weft_yaml_destroy(&yaml);
}

TEST(Yaml, ManyKeysAreQuick) {
    std::string text;
    for (int i = 0; i < 100000; i++) text += "k" + std::to_string(i) + ": 1\n";
    Tree tree(text);
    ASSERT_EQ(tree.status, WEFT_OK);
    EXPECT_EQ(tree.yaml.root->count, 100000u);
    EXPECT_EQ(refusal(text + "k7: 2\n"), "f.yaml:100001:1: k7: duplicate key; first written at line 8");
}

TEST(YamlSet, ReplacesAndCreates) {
    Tree tree("a: 1\nb: {value: 3, source: s}\nlist: [{c: 1}, {c: 2}]\n");
    for (auto &kv : std::vector<std::pair<const char *, const char *>>{
             {"a", "2"}, {"b", "4.5"}, {"list.1.c", "7"}, {"new.deep.key", "x=y"}, {"pair", "[5, 6]"}})
        ASSERT_EQ(weft_yaml_set(&tree.yaml, kv.first, kv.second, &tree.err), WEFT_OK) << tree.message();
    const weft_yaml_node *root = tree.yaml.root;
    EXPECT_STREQ(weft_yaml_get(root, "a")->text, "2");
    EXPECT_STREQ(weft_yaml_get(root, "b")->text, "4.5");
    EXPECT_STREQ(weft_yaml_nearest(root, "list.0.c")->text, "1");
    EXPECT_STREQ(weft_yaml_nearest(root, "list.1.c")->text, "7");
    const weft_yaml_node *made = weft_yaml_nearest(root, "new.deep.key");
    EXPECT_STREQ(made->text, "x=y");
    EXPECT_STREQ(made->place, "--set new.deep.key=x=y");
    EXPECT_EQ(made->line, 0);
    ASSERT_EQ(weft_yaml_get(root, "pair")->kind, WEFT_YAML_SEQUENCE);
    EXPECT_STREQ(weft_yaml_nearest(root, "pair.1")->text, "6");
    EXPECT_EQ(root->count, 5u);
}

TEST(YamlSet, Refusals) {
    Tree tree("a: 1\nlist: [1]\n");
    EXPECT_EQ(set_message(tree, "", "1"), "--set =1: '' is no dotted path of keys");
    EXPECT_EQ(set_message(tree, "a..b", "1"), "--set a..b=1: 'a..b' is no dotted path of keys");
    EXPECT_EQ(set_message(tree, ".a", "1"), "--set .a=1: '.a' is no dotted path of keys");
    EXPECT_EQ(set_message(tree, "a.b", "1"), "--set a.b=1: b cannot be set below a plain value");
    EXPECT_EQ(set_message(tree, "list.1", "1"), "--set list.1=1: 1 is no item of a list of 1");
    EXPECT_EQ(
        set_message(tree, "a", "[1"),
        "--set a=[1: malformed YAML: did not find expected ',' or ']' while parsing a flow sequence that starts at "
        "line 1");
    const char *bare[] = {"a.b"};
    EXPECT_EQ(weft_yaml_override(&tree.yaml, bare, 1, &tree.err), WEFT_E_PARSE);
    EXPECT_EQ(tree.message(), "--set a.b: expects KEY=VALUE");
}

TEST(YamlPrint, PlainOnlyWhereSafe) {
    for (const char *text : {"net.onnx", "../x/y.yaml", "/abs/path", "conv1", "a-b_c+d"})
        EXPECT_EQ(printed(text), text);
    EXPECT_EQ(printed(""), "\"\"");
    EXPECT_EQ(printed("true"), "\"true\"");
    EXPECT_EQ(printed("No"), "\"No\"");
    EXPECT_EQ(printed("1e5"), "\"1e5\"");
    EXPECT_EQ(printed("a: b"), "\"a: b\"");
    EXPECT_EQ(printed("q\"\\\n"), "\"q\\\"\\\\\\n\"");
}

TEST(YamlPrint, RoundTrip) {
    const char *const texts[] = {"",
                                 " ",
                                 "~",
                                 "null",
                                 "a b",
                                 "# x",
                                 "- x",
                                 "x: y",
                                 "\t",
                                 "\r\n",
                                 "\x01",
                                 "\x7F",
                                 "'",
                                 "\"",
                                 "\\",
                                 "%",
                                 "0123",
                                 ".5",
                                 "\xC3\xA4",
                                 "\xC2\x85",
                                 "\xE2\x80\xA8",
                                 "\xEF\xBB\xBF",
                                 "\xF0\x9F\x98\x80",
                                 "[a]",
                                 "{a: b}",
                                 "&a",
                                 "*a",
                                 "!a",
                                 "@",
                                 "`",
                                 "..."};
    for (const char *text : texts) {
        Tree tree("key: " + printed(text) + "\n");
        ASSERT_EQ(tree.status, WEFT_OK) << tree.message() << " for " << printed(text);
        EXPECT_STREQ(tree.yaml.root->values[0]->text, text) << printed(text);
    }
}

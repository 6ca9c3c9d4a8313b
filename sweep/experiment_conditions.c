/* Conditions of a block. */
#include <math.h>
#include <string.h>

#include "sweep/experiment_internal.h"

enum { NAMES_MAX = 256 };

#define FAIL(node, ...) return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err, __VA_ARGS__)

double weft_text_number(const char *text) {
    int64_t whole;
    double real;
    if (weft_schema_parse_real(text, &real)) return real;
    return weft_schema_parse_int(text, &whole) ? (double)whole : NAN;
}

bool weft_test_holds(const weft_test *test, const char *value) {
    const double number = weft_text_number(value);
    for (size_t i = 0; i < test->count; i++) {
        const weft_alternative *a = &test->alternatives[i];
        const bool both = !isnan(number) && !isnan(a->number);
        const bool same = both ? number == a->number : !strcmp(value, a->text);
        if (a->comparison == WEFT_IS && same) return true;
        if (a->comparison == WEFT_IS_NOT && !same) return true;
        if (a->comparison == WEFT_BELOW && both && number < a->number) return true;
        if (a->comparison == WEFT_AT_MOST && both && number <= a->number) return true;
        if (a->comparison == WEFT_ABOVE && both && number > a->number) return true;
        if (a->comparison == WEFT_AT_LEAST && both && number >= a->number) return true;
    }
    return false;
}

/* "< 6" apart. */
static void split(weft_alternative *out, const char *text) {
    static const struct {
        const char *mark;
        weft_comparison comparison;
    } marks[] = {
        {"<=", WEFT_AT_MOST}, {">=", WEFT_AT_LEAST}, {"!=", WEFT_IS_NOT}, {"<", WEFT_BELOW}, {">", WEFT_ABOVE}};
    out->comparison = WEFT_IS;
    out->text = text;
    for (size_t i = 0; i < sizeof marks / sizeof *marks && out->comparison == WEFT_IS; i++) {
        const size_t length = strlen(marks[i].mark);
        if (strncmp(text, marks[i].mark, length) != 0) continue;
        out->comparison = marks[i].comparison;
        out->text = text + length + strspn(text + length, " ");
    }
    out->number = weft_text_number(out->text);
}

static weft_status read_alternative(weft_loader *loader, weft_alternative *out, const char *name,
                                    const weft_yaml_node *node) {
    const char *text = NULL;
    WEFT_TRY(weft_node_text(&text, loader, name, node));
    split(out, text);
    if (out->comparison > WEFT_IS_NOT && isnan(out->number))
        FAIL(node, "%s: '%.80s' compares with no number", name, text);
    return WEFT_OK;
}

static bool is_axis(const weft_dimensions *dimensions, const char *name) {
    for (size_t d = 0; d < dimensions->count; d++)
        for (size_t i = 0; i < dimensions->items[d].length; i++) {
            const weft_position *position = &dimensions->items[d].positions[i];
            for (int a = 0; a < position->axis_count; a++)
                if (!strcmp(position->axes[a].key, name)) return true;
        }
    return false;
}

/* Neither an axis nor a key: the nearest of both. */
static weft_status unknown_name(weft_loader *loader, const weft_dimensions *dimensions, const weft_yaml_node *name) {
    const char *names[NAMES_MAX + 1] = {0};
    size_t count = 0;
    for (size_t d = 0; d < dimensions->count; d++) {
        const weft_position *first = dimensions->items[d].positions;
        for (int a = 0; a < first->axis_count && count < NAMES_MAX; a++) names[count++] = first->axes[a].key;
    }
    const char *near = weft_nearest_name(name->text, names);
    if (near) FAIL(name, "%.200s: is no axis of the block and no setting; did you mean %s?", name->text, near);
    return weft_loader_unknown_key(loader, name->text, name);
}

static weft_status read_test(weft_loader *loader, weft_test *out, const weft_yaml_node *name,
                             const weft_yaml_node *node, const weft_dimensions *dimensions) {
    const bool list = node->kind == WEFT_YAML_SEQUENCE;
    out->name = name->text;
    out->key = weft_loader_key(loader, name->text);
    if (!out->key && !is_axis(dimensions, name->text)) return unknown_name(loader, dimensions, name);
    if (node->kind == WEFT_YAML_MAP || (list && !node->count))
        FAIL(node, "%s: expects a value, a list of values, or a comparison such as \"< 6\"", name->text);
    out->count = list ? node->count : 1;
    out->alternatives = weft_arena_alloc(loader->yaml->arena, out->count * sizeof *out->alternatives);
    if (!out->alternatives) return weft_loader_memory(loader);
    for (size_t i = 0; i < out->count; i++)
        WEFT_TRY(read_alternative(loader, &out->alternatives[i], name->text, list ? node->values[i] : node));
    return WEFT_OK;
}

weft_status weft_conditions_read(weft_loader *loader, weft_conditions *out, const weft_yaml_node *list,
                                 const char *title, const weft_dimensions *dimensions) {
    *out = (weft_conditions){0};
    if (!list) return WEFT_OK;
    if (!list->count) FAIL(list, "%s: is empty; it needs at least one condition", title);
    out->items = weft_arena_alloc(loader->yaml->arena, list->count * sizeof *out->items);
    if (!out->items) return weft_loader_memory(loader);
    for (size_t i = 0; i < list->count; i++) {
        const weft_yaml_node *node = list->values[i];
        weft_condition *condition = &out->items[out->count++];
        if (node->kind != WEFT_YAML_MAP || !node->count)
            FAIL(node, "%s.%zu: expects a map of axes or settings and their values", title, i);
        condition->node = node;
        condition->tests = weft_arena_alloc(loader->yaml->arena, node->count * sizeof *condition->tests);
        if (!condition->tests) return weft_loader_memory(loader);
        for (size_t k = 0; k < node->count; k++)
            WEFT_TRY(
                read_test(loader, &condition->tests[condition->count++], node->keys[k], node->values[k], dimensions));
    }
    return WEFT_OK;
}

/* Values that an axis has. */
static size_t list_values(const char *names[NAMES_MAX + 1], const weft_dimensions *dimensions, const char *axis) {
    size_t count = 0;
    for (size_t d = 0; d < dimensions->count; d++)
        for (size_t i = 0; i < dimensions->items[d].length; i++) {
            const weft_position *position = &dimensions->items[d].positions[i];
            for (int a = 0; a < position->axis_count && count < NAMES_MAX; a++)
                if (!strcmp(position->axes[a].key, axis)) names[count++] = position->axes[a].value;
        }
    names[count] = NULL;
    return count;
}

/* A value that its axis does not have explains why nothing matches. */
static weft_status explain(const weft_loader *loader, const weft_condition *condition, const char *title,
                           const weft_dimensions *dimensions) {
    for (size_t i = 0; i < condition->count; i++) {
        const weft_test *test = &condition->tests[i];
        const char *names[NAMES_MAX + 1];
        bool holds = false;
        const size_t count = list_values(names, dimensions, test->name);
        for (size_t k = 0; k < count; k++) holds |= weft_test_holds(test, names[k]);
        if (!count || count == NAMES_MAX || holds || test->alternatives[0].comparison != WEFT_IS) continue;
        const char *near = weft_nearest_name(test->alternatives[0].text, names);
        FAIL(weft_yaml_get(condition->node, test->name), "%s: the axis %s has no value '%.80s'%s%s%s", title,
             test->name, test->alternatives[0].text, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    FAIL(condition->node, "%s: no point of the block matches this condition", title);
}

weft_status weft_conditions_check(const weft_loader *loader, const weft_conditions *conditions, const char *title,
                                  const weft_dimensions *dimensions) {
    for (size_t i = 0; i < conditions->count; i++)
        if (!conditions->items[i].matches) return explain(loader, &conditions->items[i], title, dimensions);
    return WEFT_OK;
}

/* Field tables as a manual: aligned text and Markdown. */
#include <math.h>
#include <string.h>

#include "core/schema_internal.h"

enum { DEPTH_MAX = 16, CELL_MAX = 256 };

/* One row of the manual. */
typedef struct weft_row {
    char kind[CELL_MAX], range[CELL_MAX], standard[CELL_MAX];
} weft_row;

static const char *kind_text(weft_field_kind kind) {
    switch (kind) {
    case WEFT_FIELD_INT:
        return "integer";
    case WEFT_FIELD_REAL:
        return "number";
    case WEFT_FIELD_BOOL:
        return "true or false";
    case WEFT_FIELD_STRING:
        return "text";
    case WEFT_FIELD_ENUM:
        return "choice";
    case WEFT_FIELD_CITED:
        return "cited number";
    case WEFT_FIELD_INT_PAIR:
        return "two integers";
    case WEFT_FIELD_REALS:
        return "list of numbers";
    case WEFT_FIELD_STRINGS:
        return "text or list";
    case WEFT_FIELD_RECORD:
        return "map";
    case WEFT_FIELD_LIST:
        return "list of maps";
    case WEFT_FIELD_VARIANT:
        return "one of";
    case WEFT_FIELD_VARIANTS:
        return "list of";
    case WEFT_FIELD_NAMED:
        return "map of names";
    case WEFT_FIELD_NODE:
        return "";
    }
    return "";
}

static void append(char *out, const char *text) {
    size_t length = strlen(out);
    snprintf(out + length, CELL_MAX - length, "%s", text);
}

static void append_names(char *out, const weft_field *field) {
    for (int i = 0; field->choices && field->choices[i]; i++) {
        if (i) append(out, ", ");
        append(out, field->choices[i]);
    }
    for (int i = 0; field->variants && field->variants[i]; i++) {
        if (i) append(out, ", ");
        append(out, field->variants[i]->name);
    }
}

/* Of a NODE: "map, list". */
static void append_types(char *out, const weft_field *field) {
    for (int i = 0; field->choices[i]; i++) {
        if (i) append(out, ", ");
        append(out, !strcmp(field->choices[i], "object")  ? "map"
                    : !strcmp(field->choices[i], "array") ? "list"
                                                          : "value");
    }
}

static void append_bounds(char *out, const weft_field *field) {
    if (isfinite(field->min) && isfinite(field->max))
        snprintf(out, CELL_MAX, "%.15g to %.15g", field->min, field->max);
    else if (isfinite(field->min))
        snprintf(out, CELL_MAX, "from %.15g", field->min);
    else if (isfinite(field->max))
        snprintf(out, CELL_MAX, "up to %.15g", field->max);
}

static weft_row row_of(const weft_field *field) {
    weft_row row = {{0}, {0}, {0}};
    append(row.kind, kind_text(field->kind));
    if (field->kind == WEFT_FIELD_NODE)
        append_types(row.kind, field);
    else
        append_names(row.range, field);
    if (weft_schema_has_range(field)) append_bounds(row.range, field);
    if (field->unit && field->unit[0]) {
        append(row.range, row.range[0] ? " " : "");
        append(row.range, field->unit);
    }
    const char *text = field->default_text;
    if (field->only) snprintf(row.standard, CELL_MAX, "%s: ", field->only);
    append(row.standard, !text ? "required" : text[0] ? text : "optional");
    return row;
}

static const char *doc_of(const weft_field *field) {
    bool own = field->doc && field->doc[0];
    if (own) return field->doc;
    return field->record ? field->record->doc : "";
}

/* ---- aligned text ---- */

typedef struct weft_widths {
    int key, kind, range, standard;
} weft_widths;

static int wider(int width, const char *text) {
    int length = (int)strlen(text);
    return length > width ? length : width;
}

static weft_widths measure(const weft_record *record) {
    weft_widths widths = {0};
    for (size_t i = 0; i < record->count; i++) {
        weft_row row = row_of(&record->fields[i]);
        widths.key = wider(widths.key, record->fields[i].key);
        widths.kind = wider(widths.kind, row.kind);
        widths.range = wider(widths.range, row.range);
        widths.standard = wider(widths.standard, row.standard);
    }
    return widths;
}

static void describe_text(const weft_record *record, FILE *stream, int depth);

static void describe_children(const weft_field *field, FILE *stream, int depth) {
    if (field->record) describe_text(field->record, stream, depth);
    for (int i = 0; field->variants && field->variants[i]; i++) {
        fprintf(stream, "%*s%s: %s\n", 2 * depth, "", field->variants[i]->name, field->variants[i]->doc);
        describe_text(field->variants[i], stream, depth + 1);
    }
}

static void describe_text(const weft_record *record, FILE *stream, int depth) {
    if (depth > DEPTH_MAX) return;
    weft_widths widths = measure(record);
    for (size_t i = 0; i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        weft_row row = row_of(field);
        fprintf(stream, "%*s%-*s  %-*s  %-*s  %-*s  %s\n", 2 * depth, "", widths.key, field->key, widths.kind, row.kind,
                widths.range, row.range, widths.standard, row.standard, doc_of(field));
        describe_children(field, stream, depth + 1);
    }
}

static const char cited_note[] = "A cited number is a plain number, or a map {value, evidence, source, voltage_v}: "
                                 "evidence is assumed, derived, simulated or "
                                 "measured, and every evidence but assumed needs a source.";

static bool has_cited(const weft_record *record, int depth) {
    for (size_t i = 0; depth <= DEPTH_MAX && i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        if (field->kind == WEFT_FIELD_CITED) return true;
        if (field->record && has_cited(field->record, depth + 1)) return true;
        for (int v = 0; field->variants && field->variants[v]; v++)
            if (has_cited(field->variants[v], depth + 1)) return true;
    }
    return false;
}

void weft_record_describe(const weft_record *record, FILE *stream) {
    fprintf(stream, "%s: %s\n\n", record->name, record->doc);
    describe_text(record, stream, 1);
    if (has_cited(record, 0)) fprintf(stream, "\n%s\n", cited_note);
}

/* ---- Markdown ---- */

static void print_cell(FILE *stream, const char *text) {
    fputc(' ', stream);
    for (; *text; text++) {
        if (*text == '|' || *text == '<' || *text == '*') fputc('\\', stream);
        fputc(*text, stream);
    }
    fputs(" |", stream);
}

static void print_table(const weft_record *record, FILE *stream) {
    fputs("| Key | Kind | Range | Default | Meaning |\n|---|---|---|---|---|\n", stream);
    for (size_t i = 0; i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        weft_row row = row_of(field);
        fprintf(stream, "| `%s` |", field->key);
        print_cell(stream, row.kind);
        print_cell(stream, row.range);
        print_cell(stream, row.standard);
        print_cell(stream, doc_of(field));
        fputc('\n', stream);
    }
    fputc('\n', stream);
}

static void describe_section(const weft_record *record, FILE *stream, const char *path, const char *only, int depth);

static void describe_subsections(const weft_field *field, FILE *stream, const char *path, int depth) {
    char child[WEFT_SCHEMA_PATH_MAX];
    bool list = field->kind == WEFT_FIELD_LIST || field->kind == WEFT_FIELD_VARIANTS;
    if (field->record) {
        const char *below = list ? "[]" : field->kind == WEFT_FIELD_NAMED ? ".NAME" : "";
        snprintf(child, sizeof child, "%s%s%s%s", path, path[0] ? "." : "", field->key, below);
        describe_section(field->record, stream, child, field->only, depth);
    }
    for (int i = 0; field->variants && field->variants[i]; i++) {
        snprintf(child, sizeof child, "%s%s%s%s.%s", path, path[0] ? "." : "", field->key, list ? "[]" : "",
                 field->variants[i]->name);
        describe_section(field->variants[i], stream, child, NULL, depth);
    }
}

static void describe_section(const weft_record *record, FILE *stream, const char *path, const char *only, int depth) {
    if (depth > DEPTH_MAX) return;
    fprintf(stream, "%s `%s`%s%s\n\n%s\n\n", depth ? "###" : "##", depth ? path : record->name, only ? ", " : "",
            only ? only : "", record->doc);
    if (record->count) print_table(record, stream);
    for (size_t i = 0; i < record->count; i++) describe_subsections(&record->fields[i], stream, path, depth + 1);
}

void weft_record_describe_markdown(const weft_record *record, FILE *stream) {
    describe_section(record, stream, "", NULL, 0);
    if (has_cited(record, 0)) fprintf(stream, "%s\n", cited_note);
}

/* The page's chips: what each is, which keys the experiment changes, and all of them side by side. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sweep/page_things.h"

enum { CHANGES_MOST = 40, VALUES_MOST = 8 }; /* values of one key; side by side */

static void xml(FILE *s, const char *text) { weft_xml_print(s, text, 0); }

static const char *plural(size_t count) { return count == 1 ? "" : "s"; }

/* ---- changed keys ---- */

/* KEY=VALUE of all variants: texts that are cut at the sign. */
typedef struct changes {
    char **copies; /* of lists of overrides, [copy_count] */
    size_t copy_count;
    struct change {
        const char *key, *value;
    } * items;
    size_t count, room;
} changes;

static bool add_change(changes *c, char *text) {
    char *equals = strchr(text, '=');
    if (!equals) return true;
    if (c->count == c->room) {
        const size_t room = 2 * c->room + 16;
        struct change *grown = realloc(c->items, room * sizeof *grown);
        if (!grown) return false;
        c->items = grown;
        c->room = room;
    }
    *equals = 0;
    c->items[c->count++] = (struct change){text, equals + 1};
    return true;
}

static bool add_changes(changes *c, const char *lines) {
    char *copy = strdup(lines);
    if (!copy) return false;
    c->copies[c->copy_count++] = copy;
    for (char *at = copy, *end; *at; at = end) {
        end = at + strcspn(at, "\n");
        if (*end) *end++ = 0;
        if (!add_change(c, at)) return false;
    }
    return true;
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct change *)a)->key, ((const struct change *)b)->key);
}

static bool find_changes(changes *c, const weft_page_things *chips, const weft_page_thing *chip) {
    *c = (changes){.copies = malloc((chip->row_count + 1) * sizeof *c->copies)};
    bool whole = c->copies != NULL;
    for (size_t i = 0; i < chip->row_count && whole; i++) {
        const char *lines = weft_page_fact(chips, chip->rows[i], WEFT_CHIPS_OVERRIDES);
        if (lines) whole = add_changes(c, lines);
    }
    if (whole && c->count) qsort(c->items, c->count, sizeof *c->items, by_key);
    return whole;
}

static void changes_free(changes *c) {
    for (size_t i = 0; i < c->copy_count; i++) free(c->copies[i]);
    free(c->copies);
    free(c->items);
}

static void print_changes(FILE *s, const changes *c, const char **values) {
    fputs("<div class=\"wide\"><table class=\"names\"><thead><tr><th>changed key</th><th "
          "class=\"text\">values</th></tr></thead><tbody>\n",
          s);
    for (size_t begin = 0, end; begin < c->count; begin = end) {
        for (end = begin; end < c->count && !strcmp(c->items[end].key, c->items[begin].key); end++)
            values[end - begin] = c->items[end].value;
        const size_t different = weft_page_different(values, end - begin);
        fputs("<tr><td><code>", s);
        xml(s, c->items[begin].key);
        fprintf(s, "</code></td><td class=\"text wrap%s\">", different > 1 ? " varied" : "");
        weft_page_values_print(s, values, different, CHANGES_MOST, "");
        fputs("</td></tr>\n", s);
    }
    fputs("</tbody></table></div>\n", s);
}

static weft_status changed_keys(FILE *s, const weft_page_things *chips, const weft_page_thing *chip, weft_error *err) {
    changes c;
    const bool whole = find_changes(&c, chips, chip);
    const char **values = whole ? malloc((c.count + 1) * sizeof *values) : NULL;
    if (values && c.count) print_changes(s, &c, values);
    free(values);
    changes_free(&c);
    return values ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for changed keys");
}

/* ---- one chip ---- */

static void print_sources(FILE *s, const char *lines) {
    if (!lines) return;
    fputs("<p class=\"soft\">Sources: ", s);
    weft_page_lines_print(s, lines, "; ");
    fputs("</p>\n", s);
}

static void print_hash(FILE *s, const char *title, const char *hash) {
    fprintf(s, "<p class=\"soft\">%s <code>", title);
    xml(s, hash);
    fputs("</code></p>\n", s);
}

static void print_hashes(FILE *s, const weft_page_things *chips, const weft_page_thing *chip) {
    enum { MOST = 200 };
    if (chip->row_count == 1) {
        print_hash(s, "SHA-256", weft_page_fact(chips, chip->rows[0], WEFT_CHIPS_SHA256));
        return;
    }
    fprintf(s,
            "<details><summary>SHA-256 of the %zu variants</summary><div class=\"wide\"><table "
            "class=\"names\"><tbody>\n",
            chip->row_count);
    for (size_t i = 0; i < chip->row_count && i < MOST; i++) {
        const char *lines = weft_page_fact(chips, chip->rows[i], WEFT_CHIPS_OVERRIDES);
        fputs("<tr><td><code class=\"soft\">", s);
        xml(s, weft_page_fact(chips, chip->rows[i], WEFT_CHIPS_SHA256));
        fputs("</code></td><td class=\"text wrap\">", s);
        weft_page_lines_print(s, lines ? lines : "as the file says", ", ");
        fputs("</td></tr>\n", s);
    }
    fputs("</tbody></table></div>", s);
    if (chip->row_count > MOST) fprintf(s, "<p>%zu more are in points.csv.</p>", chip->row_count - MOST);
    fputs("</details>\n", s);
}

/* As the experiment names it, where a database does not know more. */
static void print_unknown(FILE *s, const weft_page_thing *chip) {
    const char *hash = chip->first->chip_sha256, *overrides = chip->first->overrides;
    if (overrides && *overrides && strcmp(overrides, "[]") != 0) {
        fputs("<p class=\"soft\">Changed keys of its first point: <code>", s);
        xml(s, overrides);
        fputs("</code></p>\n", s);
    }
    if (hash && *hash) print_hash(s, "SHA-256 of its first point", hash);
}

static weft_status print_chip(FILE *s, const weft_page_things *chips, const weft_page_thing *chip, weft_error *err) {
    fputs("<h3>", s);
    xml(s, chip->name);
    fprintf(s, "</h3>\n<p class=\"soft\">%zu point%s", chip->points, plural(chip->points));
    if (chip->row_count > 1) fprintf(s, " of %zu variants", chip->row_count);
    fputs("</p>\n", s);
    if (chip->row_count == 0) {
        print_unknown(s, chip);
        return WEFT_OK;
    }
    const char *description = weft_page_fact(chips, chip->rows[0], WEFT_CHIPS_DESCRIPTION);
    if (description) {
        fputs("<p>", s);
        xml(s, description);
        fputs("</p>\n", s);
    }
    print_sources(s, weft_page_fact(chips, chip->rows[0], WEFT_CHIPS_SOURCES));
    WEFT_TRY(changed_keys(s, chips, chip, err));
    print_hashes(s, chips, chip);
    return WEFT_OK;
}

/* ---- side by side ---- */

static size_t values_of(const char **values, const weft_page_things *chips, const weft_page_thing *chip, int column) {
    for (size_t i = 0; i < chip->row_count; i++) values[i] = weft_page_fact(chips, chip->rows[i], column);
    return weft_page_different(values, chip->row_count);
}

static bool anything(const weft_page_things *chips, int column) {
    for (int i = 0; i < chips->count; i++)
        for (size_t r = 0; r < chips->items[i].row_count; r++)
            if (weft_page_fact(chips, chips->items[i].rows[r], column)) return true;
    return false;
}

static void compare_row(FILE *s, const weft_page_things *chips, int column, const char **values) {
    const weft_description_column *info = &weft_descriptions[WEFT_CHIPS].columns[column];
    if (!info->label[0] || !anything(chips, column)) return;
    fprintf(s, info->unit[0] ? "<tr><td>%s (%s)</td>" : "<tr><td>%s</td>", info->label, info->unit);
    for (int i = 0; i < chips->count; i++) {
        if (chips->items[i].row_count == 0) continue;
        const size_t count = values_of(values, chips, &chips->items[i], column);
        fprintf(s, "<td class=\"text wrap%s\">", count > 1 ? " varied" : "");
        weft_page_values_print(s, values, count, VALUES_MOST, count > 1 ? "none" : "\xE2\x80\x93");
        fputs("</td>", s);
    }
    fputs("</tr>\n", s);
}

static weft_status compare(FILE *s, const weft_page_things *chips, weft_error *err) {
    const size_t rows = chips->table->descriptions[WEFT_CHIPS].count;
    const char **values = malloc((rows + 1) * sizeof *values);
    if (!values) return weft_error_set(err, WEFT_E_MEMORY, "no memory for chips");
    fprintf(s,
            "<h3>%s</h3>\n<p class=\"soft\">Shaded: what the experiment varies.</p>\n<div class=\"wide\"><table "
            "class=\"names facts\"><thead><tr><th></th>",
            chips->count > 1 ? "Side by side" : "In figures");
    for (int i = 0; i < chips->count; i++) {
        if (chips->items[i].row_count == 0) continue;
        fputs("<th class=\"text\">", s);
        xml(s, chips->items[i].name);
        fputs("</th>", s);
    }
    fputs("</tr></thead><tbody>\n", s);
    for (int c = 0; c < WEFT_CHIPS_COUNT; c++) compare_row(s, chips, c, values);
    fputs("</tbody></table></div>\n", s);
    free(values);
    return WEFT_OK;
}

static weft_status print_all(FILE *s, const weft_page_things *chips, weft_error *err) {
    fputs("<h2>Chips</h2>\n", s);
    weft_page_unknown(s, chips, "chips");
    for (int i = 0; i < chips->count; i++) WEFT_TRY(print_chip(s, chips, &chips->items[i], err));
    return chips->table->descriptions[WEFT_CHIPS].count ? compare(s, chips, err) : WEFT_OK;
}

weft_status weft_page_chips(FILE *s, const weft_store_table *table, weft_error *err) {
    weft_page_things chips;
    WEFT_TRY(weft_page_things_make(&chips, table, WEFT_CHIPS, err));
    const weft_status status = chips.count ? print_all(s, &chips, err) : WEFT_OK;
    weft_page_things_free(&chips);
    return status;
}

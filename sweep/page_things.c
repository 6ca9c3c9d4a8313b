/* Which chips and networks there are, and values of their descriptions. */
#include "sweep/page_things.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* ---- things ---- */

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for descriptions");
}

static const char *name_of(const weft_page_things *t, const weft_page_point *p) {
    return t->which == WEFT_CHIPS ? p->chip : p->net;
}

static const char *hash_of(const weft_page_things *t, const weft_page_point *p) {
    const char *hash = t->which == WEFT_CHIPS ? p->chip_sha256 : p->net_sha256;
    return hash ? hash : "";
}

static const weft_description_rows *rows_of(const weft_page_things *t) { return &t->table->descriptions[t->which]; }

/* The row with that hash, by which they are ordered; SIZE_MAX: none. */
static size_t find_row(const weft_description_rows *rows, const char *hash) {
    size_t low = 0, high = rows->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(rows->values[middle][0], hash);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

static weft_page_thing *find_thing(const weft_page_things *t, const char *name) {
    for (int i = t->count - 1; i >= 0; i--)
        if (!strcmp(t->items[i].name, name)) return &t->items[i];
    return NULL;
}

static weft_status add_thing(weft_page_things *t, const char *name, const weft_page_point *first, weft_error *err) {
    const size_t rows = rows_of(t)->count + 1;
    weft_page_thing *grown = realloc(t->items, (size_t)(t->count + 1) * sizeof *grown);
    if (!grown) return no_memory(err);
    t->items = grown;
    weft_page_thing *thing = &grown[t->count++];
    *thing = (weft_page_thing){.name = name, .first = first, .has = calloc(rows, sizeof *thing->has)};
    thing->rows = malloc(rows * sizeof *thing->rows);
    return thing->has && thing->rows ? WEFT_OK : no_memory(err);
}

static weft_status note_point(weft_page_things *t, const weft_page_point *point, weft_error *err) {
    const char *name = name_of(t, point);
    if (!name || !*name) return WEFT_OK;
    if (!find_thing(t, name)) WEFT_TRY(add_thing(t, name, point, err));
    weft_page_thing *thing = find_thing(t, name);
    const size_t row = find_row(rows_of(t), hash_of(t, point));
    thing->points++;
    if (row == SIZE_MAX) {
        thing->unknown++;
        t->unknown++;
    } else {
        thing->has[row] = true;
    }
    return WEFT_OK;
}

weft_status weft_page_things_make(weft_page_things *out, const weft_store_table *table, weft_description which,
                                  weft_error *err) {
    weft_status status = WEFT_OK;
    *out = (weft_page_things){.table = table, .which = which};
    for (size_t i = 0; i < table->count && status == WEFT_OK; i++) status = note_point(out, &table->points[i], err);
    for (int i = 0; i < out->count && status == WEFT_OK; i++)
        for (size_t r = 0; r < rows_of(out)->count; r++)
            if (out->items[i].has[r]) out->items[i].rows[out->items[i].row_count++] = r;
    if (status != WEFT_OK) weft_page_things_free(out);
    return status;
}

void weft_page_things_free(weft_page_things *things) {
    for (int i = 0; i < things->count; i++) {
        free(things->items[i].rows);
        free(things->items[i].has);
    }
    free(things->items);
    *things = (weft_page_things){0};
}

const char *weft_page_fact(const weft_page_things *things, size_t row, int column) {
    return rows_of(things)->values[row][column];
}

/* ---- values ---- */

static bool number_of(double *out, const char *text) {
    char *end;
    *out = strtod(text, &end);
    return *text && *end == 0 && isfinite(*out);
}

static int by_value(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    double left, right;
    if (!x || !y) return (x != NULL) - (y != NULL);
    const bool one = number_of(&left, x), other = number_of(&right, y);
    if (one && other && left != right) return left < right ? -1 : 1;
    return one != other ? (one ? -1 : 1) : strcmp(x, y);
}

/* Drops what is the same as the one ahead of it. */
static size_t drop_repeats(const char **texts, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const char *last = kept ? texts[kept - 1] : NULL;
        const bool same = kept && (last && texts[i] ? !strcmp(last, texts[i]) : last == texts[i]);
        if (!same) texts[kept++] = texts[i];
    }
    return kept;
}

/* Most are the same, so that little is left to sort. */
size_t weft_page_different(const char **texts, size_t count) {
    const size_t left = drop_repeats(texts, count);
    if (left) qsort(texts, left, sizeof *texts, by_value);
    return drop_repeats(texts, left);
}

static void print_whole(FILE *s, double value) {
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%.0f", fabs(value));
    if (value < 0) fputc('-', s);
    for (int i = 0; i < length; i++) {
        if (i > 0 && length > 4 && (length - i) % 3 == 0) fputs("\xE2\x80\xAF", s); /* narrow space, no break */
        fputc(digits[i], s);
    }
}

void weft_page_value_print(FILE *s, const char *text) {
    double value;
    if (!number_of(&value, text))
        weft_xml_print(s, text, 0);
    else if (value == floor(value) && fabs(value) < 1e15)
        print_whole(s, value);
    else
        fprintf(s, "%.5g", value);
}

/* Numbers stand on one line, texts below each other. */
static bool all_numbers(const char *const *texts, size_t count) {
    const size_t first = count > 0 && !texts[0]; /* numbers are ahead of other texts, and NULL of both */
    double value;
    return count > first && number_of(&value, texts[first]) && number_of(&value, texts[count - 1]);
}

static void print_value(FILE *s, const char *text, const char *none) {
    if (!text)
        fputs(none, s);
    else if (!*text)
        fputs("(empty)", s);
    else
        weft_page_value_print(s, text);
}

void weft_page_values_print(FILE *s, const char *const *texts, size_t count, size_t most, const char *none) {
    const bool numbers = all_numbers(texts, count);
    const size_t shown = count <= most ? count : numbers ? 0 : most;
    for (size_t i = 0; i < shown; i++) {
        if (i) fputs(numbers ? ", " : "<br>", s);
        print_value(s, texts[i], none);
    }
    if (shown == count) return;
    if (!numbers) {
        fprintf(s, "<br>and %zu more", count - shown);
        return;
    }
    print_value(s, texts[0], none);
    fputs(texts[0] ? " to " : ", and up to ", s);
    weft_page_value_print(s, texts[count - 1]);
    fprintf(s, " (%zu values)", count);
}

void weft_page_lines_print(FILE *s, const char *lines, const char *separator) {
    char line[1024];
    for (const char *at = lines; *at;) {
        const size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1), at);
        if (at != lines) fputs(separator, s);
        weft_xml_print(s, line, 0);
        at += length + (at[length] != 0);
    }
}

void weft_page_unknown(FILE *s, const weft_page_things *things, const char *what) {
    if (things->unknown == 0) return;
    if (rows_of(things)->count == 0)
        fprintf(s,
                "<p>runs.db does not describe its %s: an older weft made it. weft sweep with the same experiment adds "
                "the descriptions, and computes nothing that is there.</p>\n",
                what);
    else
        fprintf(s,
                "<p>runs.db does not describe the %s of %zu point%s: the file was missing when they were planned, or "
                "an older weft computed them.</p>\n",
                what, things->unknown, things->unknown == 1 ? "" : "s");
}

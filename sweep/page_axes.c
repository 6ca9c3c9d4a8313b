/* What was varied in each block, and which of it are numbers. */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/page_internal.h"

/* ---- numbers in values ---- */

static bool number_of(const char *text, size_t length, double *out) {
    char copy[64], *end;
    if (length == 0 || length >= sizeof copy || isspace((unsigned char)text[0])) return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    *out = strtod(copy, &end);
    return *end == 0 && isfinite(*out);
}

static bool of_number(char c) { return isdigit((unsigned char)c) || strchr(".eE+-", c) != NULL; }

/* What all values begin with, cut back to where a number can begin. */
static size_t common_prefix(const weft_page_axis *axis) {
    size_t length = strlen(axis->values[0]);
    for (int v = 1; v < axis->value_count; v++) {
        size_t same = 0;
        while (same < length && axis->values[v][same] == axis->values[0][same]) same++;
        length = same;
    }
    while (length > 0 && of_number(axis->values[0][length - 1])) length--;
    return length;
}

static size_t common_suffix(const weft_page_axis *axis, size_t prefix) {
    const char *first = axis->values[0];
    size_t length = strlen(first) - prefix;
    for (int v = 1; v < axis->value_count; v++) {
        const char *other = axis->values[v];
        const size_t a = strlen(first), b = strlen(other);
        size_t same = 0;
        while (same < length && same < b - prefix && first[a - 1 - same] == other[b - 1 - same]) same++;
        length = same;
    }
    while (length > 0 && of_number(first[strlen(first) - length])) length--;
    return length;
}

static bool cut(char *out, size_t size, const char *text, size_t length) {
    if (length >= size) return false;
    memcpy(out, text, length);
    out[length] = 0;
    return true;
}

/* Fills numbers when every value is one, but for what all have in common. */
static weft_status find_numbers(weft_page_axis *axis, weft_error *err) {
    const size_t prefix = common_prefix(axis), suffix = common_suffix(axis, prefix);
    double *numbers = malloc((size_t)axis->value_count * sizeof *numbers);
    if (!numbers) return weft_error_set(err, WEFT_E_MEMORY, "no memory for axes");
    bool numeric = cut(axis->prefix, sizeof axis->prefix, axis->values[0], prefix) &&
                   cut(axis->suffix, sizeof axis->suffix, axis->values[0] + strlen(axis->values[0]) - suffix, suffix);
    numeric = numeric && (prefix == 0 || axis->prefix[prefix - 1] == '='); /* "net1" is a name */
    for (int v = 0; v < axis->value_count && numeric; v++)
        numeric = number_of(axis->values[v] + prefix, strlen(axis->values[v]) - prefix - suffix, &numbers[v]);
    if (numeric)
        axis->numbers = numbers;
    else
        free(numbers);
    return WEFT_OK;
}

/* ---- blocks ---- */

static weft_page_block *find_block(weft_page_blocks *blocks, const char *name) {
    for (int b = blocks->count - 1; b >= 0; b--)
        if (strcmp(blocks->items[b].name, name) == 0) return &blocks->items[b];
    return NULL;
}

static weft_status add_point(weft_page_blocks *blocks, const weft_page_point *point, size_t row, size_t rows,
                             weft_error *err) {
    weft_page_block *block = find_block(blocks, point->block);
    if (!block) {
        weft_page_block *grown = realloc(blocks->items, (size_t)(blocks->count + 1) * sizeof *grown);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for blocks");
        blocks->items = grown;
        block = &grown[blocks->count++];
        *block = (weft_page_block){.name = point->block, .points = malloc(rows * sizeof *block->points)};
        if (!block->points) return weft_error_set(err, WEFT_E_MEMORY, "no memory for blocks");
    }
    block->points[block->count++] = row;
    return WEFT_OK;
}

static weft_page_axis *find_axis(const weft_page_block *block, const char *key) {
    for (int a = 0; a < block->axis_count; a++)
        if (strcmp(block->axes[a].key, key) == 0) return &block->axes[a];
    return NULL;
}

static int find_value(const weft_page_axis *axis, const char *value) {
    for (int v = axis->value_count - 1; v >= 0; v--)
        if (strcmp(axis->values[v], value) == 0) return v;
    return -1;
}

static weft_status add_value(weft_page_block *block, const weft_point_axis *given, weft_error *err) {
    weft_page_axis *axis = find_axis(block, given->key);
    if (!axis) {
        weft_page_axis *grown = realloc(block->axes, (size_t)(block->axis_count + 1) * sizeof *grown);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for axes");
        block->axes = grown;
        axis = &grown[block->axis_count++];
        *axis = (weft_page_axis){.key = given->key};
    }
    if (find_value(axis, given->value) >= 0) return WEFT_OK;
    const char **grown = realloc(axis->values, (size_t)(axis->value_count + 1) * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for axes");
    axis->values = grown;
    axis->values[axis->value_count++] = given->value;
    return WEFT_OK;
}

static void axis_free(weft_page_axis *axis) {
    free(axis->values);
    free(axis->numbers);
}

/* Whether each value of one goes with one value of the other: axes of a zip, of which one is enough. */
static bool go_together(const weft_page_block *block, int a, int b, const weft_store_table *table) {
    const weft_page_axis *one = &block->axes[a], *other = &block->axes[b];
    bool together = one->value_count == other->value_count;
    for (size_t i = 0; i < block->count && together; i++) {
        const weft_page_point *point = &table->points[block->points[i]];
        together = weft_page_value(one, point) == weft_page_value(other, point);
    }
    return together;
}

static void drop_axis(weft_page_block *block, int axis) {
    axis_free(&block->axes[axis]);
    block->axis_count--;
    for (int a = axis; a < block->axis_count; a++) block->axes[a] = block->axes[a + 1];
}

/* ---- axes that span a grid ---- */

enum { SPANNING_MAX = 12 };

/* Whether the block's points are all combinations of the axes in `set`, each once; used [points] is scratch. */
static bool spans(const weft_page_block *block, const int *indices, unsigned set, unsigned char *used) {
    size_t product = 1;
    for (int a = 0; a < block->axis_count; a++)
        if (set >> a & 1) product *= (size_t)block->axes[a].value_count;
    if (product != block->count) return false;
    memset(used, 0, block->count);
    for (size_t i = 0; i < block->count; i++) {
        size_t at = 0;
        for (int a = 0; a < block->axis_count; a++) {
            const int value = indices[i * (size_t)block->axis_count + (size_t)a];
            if (!(set >> a & 1)) continue;
            if (value < 0) return false;
            at = at * (size_t)block->axes[a].value_count + (size_t)value;
        }
        if (used[at]++) return false;
    }
    return true;
}

/* The spanning axes, two or more, with the fewest values together; all of them where none span. */
static unsigned spanning_axes(const weft_page_block *block, const int *indices, unsigned char *used) {
    const unsigned all = (1u << block->axis_count) - 1;
    unsigned best = all;
    int best_values = INT_MAX;
    for (unsigned set = 1; set <= all; set++) {
        int values = 0;
        for (int a = 0; a < block->axis_count; a++)
            if (set >> a & 1) values += block->axes[a].value_count;
        if ((set & (set - 1)) == 0 || values >= best_values || !spans(block, indices, set, used)) continue;
        best = set;
        best_values = values;
    }
    return best;
}

/* Where some axes span a grid, the others follow from them (columns of a list: a cost for each size), and are dropped.
 */
static weft_status drop_followers(weft_page_block *block, const weft_store_table *table, weft_error *err) {
    const size_t axes = (size_t)block->axis_count;
    if (axes < 2 || axes > SPANNING_MAX) return WEFT_OK;
    int *indices = malloc(block->count * axes * sizeof *indices);
    unsigned char *used = malloc(block->count);
    weft_status status = WEFT_OK;
    if (indices && used) {
        for (size_t i = 0; i < block->count; i++)
            for (size_t a = 0; a < axes; a++)
                indices[i * axes + a] = weft_page_value(&block->axes[a], &table->points[block->points[i]]);
        const unsigned kept = spanning_axes(block, indices, used);
        for (int a = block->axis_count - 1; a >= 0; a--)
            if (!(kept >> a & 1)) drop_axis(block, a);
    } else {
        status = weft_error_set(err, WEFT_E_MEMORY, "no memory for axes");
    }
    free(indices);
    free(used);
    return status;
}

static weft_status find_axes(weft_page_block *block, const weft_store_table *table, weft_error *err) {
    for (size_t i = 0; i < block->count; i++) {
        const weft_page_point *point = &table->points[block->points[i]];
        for (int a = 0; a < point->axis_count; a++) WEFT_TRY(add_value(block, &point->axes[a], err));
    }
    int kept = 0;
    for (int a = 0; a < block->axis_count; a++) {
        if (block->axes[a].value_count > 1)
            block->axes[kept++] = block->axes[a];
        else
            axis_free(&block->axes[a]);
    }
    block->axis_count = kept;
    for (int a = 0; a < block->axis_count; a++)
        for (int b = block->axis_count - 1; b > a; b--)
            if (go_together(block, a, b, table)) drop_axis(block, b);
    WEFT_TRY(drop_followers(block, table, err));
    for (int a = 0; a < block->axis_count; a++) WEFT_TRY(find_numbers(&block->axes[a], err));
    return WEFT_OK;
}

weft_status weft_page_blocks_make(weft_page_blocks *out, const weft_store_table *table, weft_error *err) {
    weft_status status = WEFT_OK;
    *out = (weft_page_blocks){0};
    for (size_t i = 0; i < table->count && status == WEFT_OK; i++)
        if (strcmp(table->points[i].status, "done") == 0)
            status = add_point(out, &table->points[i], i, table->count, err);
    for (int b = 0; b < out->count && status == WEFT_OK; b++) status = find_axes(&out->items[b], table, err);
    if (status != WEFT_OK) weft_page_blocks_free(out);
    return status;
}

void weft_page_blocks_free(weft_page_blocks *blocks) {
    for (int b = 0; b < blocks->count; b++) {
        for (int a = 0; a < blocks->items[b].axis_count; a++) axis_free(&blocks->items[b].axes[a]);
        free(blocks->items[b].axes);
        free(blocks->items[b].points);
    }
    free(blocks->items);
    *blocks = (weft_page_blocks){0};
}

int weft_page_value(const weft_page_axis *axis, const weft_page_point *point) {
    for (int a = 0; a < point->axis_count; a++)
        if (strcmp(point->axes[a].key, axis->key) == 0) return find_value(axis, point->axes[a].value);
    return -1;
}

bool weft_page_varies(const weft_store_table *table, const weft_page_block *block, int metric) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < block->count; i++) {
        const double v = table->points[block->points[i]].metrics.v[metric];
        if (isnan(v)) continue;
        low = fmin(low, v);
        high = fmax(high, v);
    }
    return high > low;
}

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/eval.h"

/* Where the values of an assignment stand in a sweep's text. */
typedef struct span {
    size_t begin, end;
} span;

/* Values that start at `begin` go on behind commas up to the next assignment, the next link or the end. */
static span values_at(const char *text, size_t begin) {
    span s = {begin, begin + strcspn(text + begin, ",|")};
    while (text[s.end] == ',') {
        size_t next = s.end + 1, stop = next + strcspn(text + next, ",|");
        if (memchr(text + next, '=', stop - next)) break;
        s.end = stop;
    }
    return s;
}

/* The assignment that has several values, or else the only one; begin 0 when there is none. */
static weft_status find_values(span *out, const char *text, weft_error *err) {
    int lists = 0, assignments = 0;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] != '=') continue;
        span s = values_at(text, i + 1);
        bool list = memchr(text + s.begin, ',', s.end - s.begin) || memchr(text + s.begin, '/', s.end - s.begin);
        assignments++;
        if (list || (lists == 0 && assignments == 1)) *out = s;
        lists += list;
    }
    if (lists > 1) return weft_error_set(err, WEFT_E_USAGE, "--sweep: \"%.200s\" has several swept parameters", text);
    if (lists == 0 && assignments != 1) *out = (span){0, 0};
    return WEFT_OK;
}

static weft_status add_point(weft_eval_grid *grid, const weft_transform_chain *base, const char *text,
                             weft_error *err) {
    if (grid->count == WEFT_EVAL_POINTS_MAX)
        return weft_error_set(err, WEFT_E_USAGE, "--sweep: more than %d points", WEFT_EVAL_POINTS_MAX);
    weft_eval_point *grown = realloc(grid->points, ((size_t)grid->count + 1) * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the points of a sweep");
    grid->points = grown;
    weft_eval_point *point = &grown[grid->count];
    *point = (weft_eval_point){.chain = *base};
    if (text) WEFT_TRY(weft_transform_chain_parse(&point->chain, text, err));
    point->deployed = !text && base->count == 0;
    weft_chain_text(point->transform, sizeof point->transform, &point->chain, !point->deployed);
    grid->count++;
    return WEFT_OK;
}

/* One value put in the place of all of them. */
static weft_status add_value(weft_eval_grid *grid, const weft_transform_chain *base, const char *text, span values,
                             const char *value, weft_error *err) {
    char whole[1024];
    int length = snprintf(whole, sizeof whole, "%.*s%s%s", (int)values.begin, text, value, text + values.end);
    if (length < 0 || (size_t)length >= sizeof whole)
        return weft_error_set(err, WEFT_E_USAGE, "--sweep: \"%.80s...\" is too long", text);
    WEFT_TRY(add_point(grid, base, whole, err));
    weft_eval_point *point = &grid->points[grid->count - 1];
    size_t name = values.begin - 1;
    while (name > 0 && !strchr(",:|", text[name - 1])) name--;
    snprintf(point->parameter, sizeof point->parameter, "%.*s", (int)(values.begin - 1 - name), text + name);
    snprintf(point->value, sizeof point->value, "%s", value);
    return WEFT_OK;
}

static bool number_read(double *out, const char *text, size_t length) {
    char copy[64], *end;
    if (length == 0 || length >= sizeof copy || text[0] == ' ' || text[0] == '\t') return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    *out = strtod(copy, &end);
    return *end == 0 && isfinite(*out);
}

/* "lo..hi/step". */
static bool steps_read(const char *item, double *lo, double *hi, double *step) {
    const char *dots = strstr(item, ".."), *slash = strchr(item, '/');
    return dots && slash > dots && number_read(lo, item, (size_t)(dots - item)) &&
           number_read(hi, dots + 2, (size_t)(slash - dots - 2)) && number_read(step, slash + 1, strlen(slash + 1));
}

static weft_status add_item(weft_eval_grid *grid, const weft_transform_chain *base, const char *text, span values,
                            const char *item, weft_error *err) {
    double lo, hi, step;
    if (!strchr(item, '/')) return add_value(grid, base, text, values, item, err);
    if (!steps_read(item, &lo, &hi, &step) || step <= 0 || hi < lo)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--sweep: \"%.80s\" is not LOW..HIGH/STEP, such as 0..1/0.1, with a STEP above 0", item);
    double steps = floor((hi - lo) / step + 1e-9);
    if (steps >= WEFT_EVAL_POINTS_MAX)
        return weft_error_set(err, WEFT_E_USAGE, "--sweep: more than %d points", WEFT_EVAL_POINTS_MAX);
    for (int i = 0; i <= (int)steps; i++) {
        char value[32];
        double x = lo + i * step;
        snprintf(value, sizeof value, "%.10g", fabs(x) < 1e-12 * step ? 0.0 : x);
        WEFT_TRY(add_value(grid, base, text, values, value, err));
    }
    return WEFT_OK;
}

static weft_status add_sweep(weft_eval_grid *grid, const weft_transform_chain *base, const char *text,
                             weft_error *err) {
    span values = {0, 0};
    WEFT_TRY(find_values(&values, text, err));
    if (values.begin == 0) return add_point(grid, base, text, err);
    for (size_t at = values.begin; at <= values.end;) {
        char item[64];
        size_t length = strcspn(text + at, ",|");
        if (length == 0 || length >= sizeof item)
            return weft_error_set(err, WEFT_E_USAGE, "--sweep: \"%.200s\" has an empty or overlong value", text);
        memcpy(item, text + at, length);
        item[length] = 0;
        WEFT_TRY(add_item(grid, base, text, values, item, err));
        at += length + 1;
    }
    return WEFT_OK;
}

weft_status weft_eval_grid_make(weft_eval_grid *grid, const weft_eval_cli_options *options, weft_error *err) {
    weft_transform_chain base;
    *grid = (weft_eval_grid){.options = options};
    WEFT_TRY(weft_chain_from_texts(&base, &options->transforms, err));
    if (options->sweeps.count == 0) return add_point(grid, &base, NULL, err);
    for (int i = 0; i < options->sweeps.count; i++) WEFT_TRY(add_sweep(grid, &base, options->sweeps.items[i], err));
    return WEFT_OK;
}

void weft_eval_grid_free(weft_eval_grid *grid) {
    for (int i = 0; i < grid->count; i++) {
        free(grid->points[i].layers);
        free(grid->points[i].wrong);
    }
    free(grid->labels);
    free(grid->points);
    *grid = (weft_eval_grid){0};
}

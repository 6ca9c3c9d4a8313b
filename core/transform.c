#include "core/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clones.h"

enum { NAME_BYTES = 64, TEXT_BYTES = 512, OPS_MAX = 64 };
#define CHUNK ((size_t)16384)
#define ELEMENTS_MAX ((uint64_t)1 << 32) /* four draws each stay below 2^34 */

/* ---- text ---- */

static const weft_transform_op *op_find(const char *name, weft_error *err) {
    const char *names[OPS_MAX + 1];
    int count = 0;
    for (; weft_transform_table[count] && count < OPS_MAX; count++) {
        if (strcmp(weft_transform_table[count]->name, name) == 0) return weft_transform_table[count];
        names[count] = weft_transform_table[count]->name;
    }
    names[count] = NULL;
    char list[TEXT_BYTES] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = weft_text_nearest(name, names);
    weft_error_set(err, WEFT_E_INVALID, "unknown transform '%s'%s%s%s; known: %s", name,
                   nearest ? "; nearest is '" : "", nearest ? nearest : "", nearest ? "'" : "", list);
    return NULL;
}

static int param_find(const weft_transform_op *op, const char *name, weft_error *err) {
    const char *names[WEFT_TRANSFORM_PARAMS_MAX + 1] = {NULL};
    char list[TEXT_BYTES] = "";
    for (int i = 0; i < op->param_count; i++) {
        if (strcmp(op->params[i].name, name) == 0) return i;
        names[i] = op->params[i].name;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    if (op->param_count == 0) {
        weft_error_set(err, WEFT_E_INVALID, "transform %s: takes no parameters, '%s' given", op->name, name);
        return -1;
    }
    const char *nearest = weft_text_nearest(name, names);
    weft_error_set(err, WEFT_E_INVALID, "transform %s: unknown parameter '%s'%s%s%s; known: %s", op->name, name,
                   nearest ? "; nearest is '" : "", nearest ? nearest : "", nearest ? "'" : "", list);
    return -1;
}

/* One bound of a parameter. */
static weft_status bound_parse(double *out, const weft_transform_op *op, const weft_transform_param *param,
                               const char *text, weft_error *err) {
    char *end;
    double value = strtod(text, &end);
    bool spaced = text[0] == ' ' || text[0] == '\t';
    if (end == text || *end || spaced || !isfinite(value))
        return weft_error_set(err, WEFT_E_INVALID, "transform %s: %s: '%s' is not a number", op->name, param->name,
                              text);
    if (value < param->min)
        return weft_error_set(err, WEFT_E_INVALID, "transform %s: %s: %g is below %g", op->name, param->name, value,
                              param->min);
    if (value > param->max)
        return weft_error_set(err, WEFT_E_INVALID, "transform %s: %s: %g is above %g", op->name, param->name, value,
                              param->max);
    if (param->integer && value != floor(value))
        return weft_error_set(err, WEFT_E_INVALID, "transform %s: %s: %g is not a whole number", op->name, param->name,
                              value);
    *out = value + 0.0; /* -0 becomes 0 */
    return WEFT_OK;
}

/* "value" or "lo..hi". */
static weft_status range_parse(weft_transform *out, int index, char *text, weft_error *err) {
    const weft_transform_param *param = &out->op->params[index];
    char *dots = strstr(text, "..");
    if (dots) *dots = 0;
    WEFT_TRY(bound_parse(&out->lo[index], out->op, param, text, err));
    out->hi[index] = out->lo[index];
    if (!dots) return WEFT_OK;
    WEFT_TRY(bound_parse(&out->hi[index], out->op, param, dots + 2, err));
    if (out->lo[index] <= out->hi[index]) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "transform %s: %s: the range %g..%g is empty", out->op->name,
                          param->name, out->lo[index], out->hi[index]);
}

static weft_status assignment_parse(weft_transform *out, char *text, unsigned *seen, weft_error *err) {
    char *equals = strchr(text, '=');
    if (!equals)
        return weft_error_set(err, WEFT_E_INVALID, "transform %s: '%s' is not of the form param=value", out->op->name,
                              text);
    *equals = 0;
    int index = param_find(out->op, text, err);
    if (index < 0) return WEFT_E_INVALID;
    if (*seen >> index & 1)
        return weft_error_set(err, WEFT_E_INVALID, "transform %s: %s is given twice", out->op->name, text);
    *seen |= 1u << index;
    return range_parse(out, index, equals + 1, err);
}

weft_status weft_transform_parse(weft_transform *out, const char *text, weft_error *err) {
    char copy[TEXT_BYTES];
    size_t length = strlen(text);
    if (length >= sizeof copy)
        return weft_error_set(err, WEFT_E_INVALID, "a transform of %zu characters is too long", length);
    memcpy(copy, text, length + 1);
    char *colon = strchr(copy, ':');
    if (colon) *colon = 0;
    weft_transform made = {.op = op_find(copy, err)};
    if (!made.op) return WEFT_E_INVALID;
    for (int i = 0; i < made.op->param_count; i++) made.lo[i] = made.hi[i] = made.op->params[i].default_value;
    unsigned seen = 0;
    for (char *item = colon ? colon + 1 : NULL, *next; item; item = next) {
        next = strchr(item, ',');
        if (next) *next++ = 0;
        WEFT_TRY(assignment_parse(&made, item, &seen, err));
    }
    *out = made;
    return WEFT_OK;
}

weft_status weft_transform_chain_parse(weft_transform_chain *chain, const char *text, weft_error *err) {
    weft_transform_chain made = *chain;
    for (const char *item = text, *next; item; item = next) {
        const char *bar = strchr(item, '|');
        size_t length = bar ? (size_t)(bar - item) : strlen(item);
        char link[TEXT_BYTES];
        if (length >= sizeof link)
            return weft_error_set(err, WEFT_E_INVALID, "a transform of %zu characters is too long", length);
        memcpy(link, item, length);
        link[length] = 0;
        if (made.count == WEFT_TRANSFORM_CHAIN_MAX)
            return weft_error_set(err, WEFT_E_INVALID, "a chain has at most %d transforms", WEFT_TRANSFORM_CHAIN_MAX);
        WEFT_TRY(weft_transform_parse(&made.items[made.count], link, err));
        made.count++;
        next = bar ? bar + 1 : NULL;
    }
    *chain = made;
    return WEFT_OK;
}

/* Shortest decimal that reads back as the same number. */
static void number_format(char *out, size_t out_size, double value) {
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(out, out_size, "%.*g", digits, value);
        if (strtod(out, NULL) == value) return;
    }
}

static void append(char *out, size_t out_size, const char *text) {
    size_t used = strlen(out);
    if (used + 1 < out_size) snprintf(out + used, out_size - used, "%s", text);
}

static void transform_format(const weft_transform *transform, char *out, size_t out_size) {
    char number[NAME_BYTES];
    append(out, out_size, transform->op->name);
    for (int i = 0; i < transform->op->param_count; i++) {
        append(out, out_size, i ? "," : ":");
        append(out, out_size, transform->op->params[i].name);
        append(out, out_size, "=");
        number_format(number, sizeof number, transform->lo[i]);
        append(out, out_size, number);
        if (transform->lo[i] == transform->hi[i]) continue;
        number_format(number, sizeof number, transform->hi[i]);
        append(out, out_size, "..");
        append(out, out_size, number);
    }
}

void weft_transform_chain_format(const weft_transform_chain *chain, char *out, size_t out_size) {
    if (out_size == 0) return;
    out[0] = 0;
    if (chain->count == 0) append(out, out_size, "none");
    for (int i = 0; i < chain->count; i++) {
        if (i) append(out, out_size, "|");
        transform_format(&chain->items[i], out, out_size);
    }
}

bool weft_transform_chain_is_stochastic(const weft_transform_chain *chain) {
    for (int i = 0; i < chain->count; i++) {
        const weft_transform *item = &chain->items[i];
        if (item->op->flags & WEFT_TRANSFORM_STOCHASTIC) return true;
        for (int p = 0; p < item->op->param_count; p++)
            if (item->lo[p] != item->hi[p]) return true;
    }
    return false;
}

/* ---- application ---- */

/* Magnitudes of floats order as their bits do, and NaN is above infinity: an integer maximum finds max |w| and never
 * loses a NaN. */
WEFT_CLONES static uint32_t largest_bits(const float *w, size_t count) {
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &w[i], sizeof bits);
        bits &= 0x7FFFFFFFu;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

float weft_weights_alpha(const float *w, size_t count) {
    uint32_t largest = 0;
#pragma omp parallel for schedule(static) reduction(max : largest) if (count > 4 * CHUNK)
    for (size_t start = 0; start < count; start += CHUNK) {
        uint32_t found = largest_bits(w + start, count - start < CHUNK ? count - start : CHUNK);
        largest = found > largest ? found : largest;
    }
    float alpha;
    memcpy(&alpha, &largest, sizeof alpha);
    return alpha;
}

static double param_draw(const weft_transform *transform, int index, const weft_rng *rng, uint64_t element) {
    double lo = transform->lo[index], hi = transform->hi[index];
    if (lo == hi) return lo;
    double u = weft_rng_uniform(rng, element);
    if (!transform->op->params[index].integer) return lo + (hi - lo) * u;
    double value = floor(lo + (hi - lo + 1.0) * u);
    return value > hi ? hi : value;
}

static weft_transform_scope scope_make(const weft_transform *transform, int link, float alpha,
                                       const weft_transform_draw *draw) {
    weft_transform_scope scope = {.alpha = alpha,
                                  .rng = {.seed = draw->seed, .step = draw->step, .layer = draw->layer}};
    scope.rng.purpose = (uint16_t)((unsigned)draw->purpose + 256u * (unsigned)link);
    weft_rng shared = {.seed = draw->seed, .step = draw->step};
    shared.purpose = (uint16_t)((unsigned)WEFT_PURPOSE_PARAMETER + 256u * (unsigned)link);
    for (int i = 0; i < transform->op->param_count; i++) {
        uint64_t element = (uint64_t)WEFT_TRANSFORM_PARAMS_MAX * (uint64_t)draw->purpose + (uint64_t)i;
        scope.param[i] = param_draw(transform, i, &shared, element);
    }
    return scope;
}

static weft_status link_apply(const weft_transform *transform, weft_transform_scope *scope, const float *w, float *out,
                              uint64_t first, size_t count, weft_error *err) {
    const weft_transform_op *op = transform->op;
    if (op->prepare) WEFT_TRY(op->prepare(scope, w, count, err));
    const weft_transform_scope *shared = scope;
#pragma omp parallel for schedule(static) if (count > 2 * CHUNK)
    for (size_t start = 0; start < count; start += CHUNK)
        op->apply(shared, w + start, out + start, first + start, count - start < CHUNK ? count - start : CHUNK);
    return WEFT_OK;
}

static weft_status chain_apply(const weft_transform_chain *chain, float alpha, const float *w, float *out,
                               uint64_t first, size_t count, const weft_transform_draw *draw, weft_error *err) {
    for (int link = 0; link < chain->count; link++) {
        weft_transform_scope scope = scope_make(&chain->items[link], link, alpha, draw);
        scope.low = chain->low;
        WEFT_TRY(link_apply(&chain->items[link], &scope, link == 0 ? w : out, out, first, count, err));
    }
    return WEFT_OK;
}

/* Largest magnitude, known to be finite. */
static weft_status alpha_find(float *alpha, const float *w, uint64_t first, size_t count,
                              const weft_transform_draw *draw, weft_error *err) {
    if (first > ELEMENTS_MAX || count > ELEMENTS_MAX - first)
        return weft_error_set(err, WEFT_E_INVALID, "a layer of %llu weights is above the limit of 2^32",
                              (unsigned long long)(first + count));
    *alpha = weft_weights_alpha(w, count);
    if (isfinite(*alpha)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "layer %u: a weight is not finite", (unsigned)draw->layer);
}

static bool is_copy(const weft_transform_chain *chain, const float *w, float *out, size_t count) {
    if (chain->count > 0 && count > 0) return false;
    if (w != out && count > 0) memcpy(out, w, count * sizeof *out);
    return true;
}

weft_status weft_transform_chain_apply(const weft_transform_chain *chain, const float *w, float *out, size_t count,
                                       const weft_transform_draw *draw, weft_error *err) {
    float alpha = 0;
    if (is_copy(chain, w, out, count)) return WEFT_OK;
    WEFT_TRY(alpha_find(&alpha, w, 0, count, draw, err));
    if (alpha > 0.0f) return chain_apply(chain, alpha, w, out, 0, count, draw, err);
    memset(out, 0, count * sizeof *out);
    return WEFT_OK;
}

weft_status weft_transform_chain_apply_to(const weft_transform_chain *chain, float alpha, const float *w, float *out,
                                          uint64_t first_element, size_t count, const weft_transform_draw *draw,
                                          weft_error *err) {
    float largest = 0;
    if (is_copy(chain, w, out, count)) return WEFT_OK;
    WEFT_TRY(alpha_find(&largest, w, first_element, count, draw, err));
    return chain_apply(chain, alpha, w, out, first_element, count, draw, err);
}

weft_status weft_chain_from_texts(weft_transform_chain *chain, const weft_texts *texts, weft_error *err) {
    memset(chain, 0, sizeof *chain);
    for (int i = 0; i < texts->count; i++) WEFT_TRY(weft_transform_chain_parse(chain, texts->items[i], err));
    return WEFT_OK;
}

void weft_chain_text(char *out, size_t out_size, const weft_transform_chain *chain, bool given) {
    if (given)
        weft_transform_chain_format(chain, out, out_size);
    else
        snprintf(out, out_size, "as deployed");
}

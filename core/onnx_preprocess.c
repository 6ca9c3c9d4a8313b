/* Preprocessing as text: "mean=M,... std=S,...", or "gcn_zca norm=N epsilon=E fit=SHA-256". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/onnx_internal.h"

/* ---- format ---- */

static void format_numbers(char *out, size_t size, const float *numbers, int count) {
    size_t used = 0;
    out[0] = 0;
    for (int c = 0; c < count && used < size; c++)
        used += (size_t)snprintf(out + used, size - used, "%s%.9g", c ? "," : "", (double)numbers[c]);
}

void weft_onnx_preprocess_format(const weft_preprocess *p, char *out, size_t size) {
    char mean[128], std[128];
    if (p->gcn_zca) {
        const char *fit = p->fit.hex;
        snprintf(out, size, "gcn_zca norm=%.17g epsilon=%.17g%s%s", p->norm, p->epsilon, fit[0] ? " fit=" : "", fit);
        return;
    }
    format_numbers(mean, sizeof mean, p->mean, p->channels);
    format_numbers(std, sizeof std, p->std, p->channels);
    snprintf(out, size, "mean=%s std=%s", mean, std);
}

/* ---- parse ---- */

static bool skip(const char **text, const char *word) {
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0) return false;
    *text += length;
    return true;
}

/* Comma-separated finite numbers up to a blank or the end; their count, 0 when malformed. */
static int numbers_read(const char **text, float out[4]) {
    int count = 0;
    for (const char *at = *text;; at++) {
        char *end;
        if (count == 4) return 0;
        out[count] = strtof(at, &end);
        if (end == at || !isfinite(out[count])) return 0;
        count++;
        *text = at = end;
        if (*at != ',') return count;
    }
}

static bool parse_scale(weft_preprocess *p, const char *text) {
    if (!skip(&text, "mean=")) return false;
    p->channels = numbers_read(&text, p->mean);
    if (!p->channels || !skip(&text, " std=")) return false;
    if (numbers_read(&text, p->std) != p->channels || *text) return false;
    for (int c = 0; c < p->channels; c++)
        if (!(p->std[c] > 0)) return false;
    return true;
}

static bool read_positive(const char **text, double *out) {
    char *end;
    *out = strtod(*text, &end);
    bool good = end != *text && isfinite(*out) && *out > 0;
    *text = end;
    return good;
}

static bool parse_gcn_zca(weft_preprocess *p, const char *text) {
    if (!skip(&text, "gcn_zca norm=") || !read_positive(&text, &p->norm)) return false;
    if (!skip(&text, " epsilon=") || !read_positive(&text, &p->epsilon)) return false;
    p->gcn_zca = true;
    if (!*text) return true;
    if (!skip(&text, " fit=") || strspn(text, "0123456789abcdef") != 64 || text[64]) return false;
    memcpy(p->fit.hex, text, 65);
    return true;
}

weft_status weft_onnx_preprocess_parse(weft_preprocess *out, const char *text, int channels, const char *file,
                                       weft_error *err) {
    weft_preprocess scale, zca;
    memset(&scale, 0, sizeof scale);
    memset(&zca, 0, sizeof zca);
    if (parse_gcn_zca(&zca, text)) {
        *out = zca;
        return WEFT_OK;
    }
    if (parse_scale(&scale, text) && scale.channels == channels) {
        *out = scale;
        return WEFT_OK;
    }
    return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0,
                             "metadata " WEFT_ONNX_KEY_PREPROCESS
                             ": \"mean=M,... std=S,...\" with %d numbers each, S above 0, or \"gcn_zca norm=N "
                             "epsilon=E fit=SHA-256\", N and E above 0, is expected",
                             channels);
}

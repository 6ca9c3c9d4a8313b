#include "core/npy.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/file.h"

/* The header: a Python dictionary of three entries, 'descr', 'fortran_order' and 'shape'. */
typedef struct scanner {
    const char *at, *end, *path;
    char type[32];
    bool fortran, has_type, has_order, has_shape;
    weft_npy *npy;
} scanner;

static weft_status malformed(const scanner *s, const char *what, weft_error *err) {
    return weft_error_set_at(err, WEFT_E_PARSE, s->path, 0, 0, "not a .npy file: %s", what);
}

static void skip_blanks(scanner *s) {
    while (s->at < s->end && isspace((unsigned char)*s->at)) s->at++;
}

static bool take(scanner *s, char c) {
    skip_blanks(s);
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

static bool take_word(scanner *s, const char *word) {
    size_t length = strlen(word);
    skip_blanks(s);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0) return false;
    s->at += length;
    return true;
}

static bool take_text(scanner *s, char *out, size_t out_size) {
    skip_blanks(s);
    if (s->at == s->end || (*s->at != '\'' && *s->at != '"')) return false;
    const char *begin = s->at + 1, *end = memchr(begin, *s->at, (size_t)(s->end - begin));
    if (end == NULL || (size_t)(end - begin) >= out_size) return false;
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    s->at = end + 1;
    return true;
}

static bool take_extent(scanner *s, size_t *out) {
    skip_blanks(s);
    if (s->at == s->end || !isdigit((unsigned char)*s->at)) return false;
    for (*out = 0; s->at < s->end && isdigit((unsigned char)*s->at); s->at++) {
        if (*out > WEFT_NPY_BYTES_MAX) return false;
        *out = *out * 10 + (size_t)(*s->at - '0');
    }
    return true;
}

static weft_status take_shape(scanner *s, weft_error *err) {
    weft_npy *npy = s->npy;
    if (!take(s, '(')) return malformed(s, "its shape is no list", err);
    while (!take(s, ')')) {
        if (npy->ndims == WEFT_NPY_DIMS_MAX)
            return weft_error_set_at(err, WEFT_E_UNSUPPORTED, s->path, 0, 0, "more than %d dimensions",
                                     WEFT_NPY_DIMS_MAX);
        if (!take_extent(s, &npy->dims[npy->ndims])) return malformed(s, "its shape has an extent that is none", err);
        npy->ndims++;
        if (take(s, ',')) continue;
        if (!take(s, ')')) return malformed(s, "its shape does not end", err);
        break;
    }
    s->has_shape = true;
    return WEFT_OK;
}

static weft_status take_entry(scanner *s, weft_error *err) {
    char key[32];
    if (!take_text(s, key, sizeof key) || !take(s, ':')) return malformed(s, "its header is no dictionary", err);
    if (!strcmp(key, "shape")) return take_shape(s, err);
    if (!strcmp(key, "descr")) {
        s->has_type = take_text(s, s->type, sizeof s->type);
        return s->has_type ? WEFT_OK
                           : weft_error_set_at(err, WEFT_E_UNSUPPORTED, s->path, 0, 0,
                                               "its values are of a compound type; float32 is read");
    }
    if (!strcmp(key, "fortran_order")) {
        s->fortran = take_word(s, "True");
        s->has_order = s->fortran || take_word(s, "False");
        return s->has_order ? WEFT_OK : malformed(s, "its fortran_order is neither True nor False", err);
    }
    return malformed(s, "its header has an unknown key", err);
}

static weft_status read_header(scanner *s, weft_error *err) {
    if (!take(s, '{')) return malformed(s, "its header is no dictionary", err);
    while (!take(s, '}')) {
        WEFT_TRY(take_entry(s, err));
        if (take(s, ',')) continue;
        if (!take(s, '}')) return malformed(s, "its header does not end", err);
        break;
    }
    if (!s->has_type || !s->has_order || !s->has_shape) return malformed(s, "its header is not complete", err);
    if (strcmp(s->type, "<f4") != 0)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, s->path, 0, 0,
                                 "its values are of the type '%s'; '<f4' (little-endian float32) is read", s->type);
    if (s->fortran)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, s->path, 0, 0,
                                 "its values are in Fortran order; C order is read");
    return WEFT_OK;
}

static weft_status count_values(scanner *s, size_t bytes, weft_error *err) {
    weft_npy *npy = s->npy;
    npy->count = 1;
    for (int i = 0; i < npy->ndims; i++) {
        if (npy->dims[i] && npy->count > WEFT_NPY_BYTES_MAX / npy->dims[i])
            return malformed(s, "its shape is larger than any file", err);
        npy->count *= npy->dims[i];
    }
    if (npy->count == bytes / sizeof(float) && bytes % sizeof(float) == 0) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_PARSE, s->path, 0, 0, "%zu bytes of values, but its shape needs %zu", bytes,
                             npy->count * sizeof(float));
}

static weft_status copy_values(scanner *s, const unsigned char *bytes, weft_error *err) {
    weft_npy *npy = s->npy;
    npy->values = weft_aligned_alloc(npy->count + 1, sizeof(float));
    if (npy->values == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu values", npy->count);
    for (size_t i = 0; i < npy->count; i++, bytes += 4) {
        uint32_t word =
            (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        memcpy(&npy->values[i], &word, sizeof word);
        if (!isfinite(npy->values[i]))
            return weft_error_set_at(err, WEFT_E_INVALID, s->path, 0, 0, "value %zu is not a finite number", i);
    }
    return WEFT_OK;
}

/* Six bytes of magic, two of version, the header's length in two or (from version 2) four, the header, the values. */
static weft_status read_bytes(scanner *s, const unsigned char *bytes, size_t size, weft_error *err) {
    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0) return malformed(s, "it does not begin as one", err);
    if (bytes[6] < 1 || bytes[6] > 3)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, s->path, 0, 0, "format version %d of .npy; 1 to 3 are read",
                                 bytes[6]);
    size_t start = bytes[6] == 1 ? 10 : 12, length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - start) return malformed(s, "its header is longer than the file", err);
    s->at = (const char *)bytes + start;
    s->end = s->at + length;
    WEFT_TRY(read_header(s, err));
    WEFT_TRY(count_values(s, size - start - length, err));
    return copy_values(s, bytes + start + length, err);
}

weft_status weft_npy_read(weft_npy *out, const char *path, weft_error *err) {
    char *bytes = NULL;
    size_t size = 0;
    scanner s = {.path = path, .npy = out};
    *out = (weft_npy){0};
    WEFT_TRY(weft_file_read(&bytes, &size, path, WEFT_NPY_BYTES_MAX, err));
    weft_status status = read_bytes(&s, (const unsigned char *)bytes, size, err);
    free(bytes);
    if (status != WEFT_OK) weft_npy_free(out);
    return status;
}

void weft_npy_free(weft_npy *npy) {
    weft_aligned_free(npy->values);
    *npy = (weft_npy){0};
}

/* weft array: numbers from CSV files. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"

#define BYTES_MAX ((size_t)1 << 30)

/* Where the reader stands. */
typedef struct csv_reader {
    weft_matrix *out;
    const weft_matrix_limits *limits;
    const char *at, *end, *line_start;
    int line;
    size_t capacity, count;
} csv_reader;

static int column_of(const csv_reader *r) { return (int)(r->at - r->line_start) + 1; }

#define FAIL(r, status, ...) return weft_error_set_at(err, status, (r)->out->path, (r)->line, column_of(r), __VA_ARGS__)

static bool blank(char c) { return c == ' ' || c == '\t'; }

static void skip_blanks(csv_reader *r) {
    while (r->at < r->end && blank(*r->at)) r->at++;
}

static bool at_line_end(const csv_reader *r) {
    return r->at == r->end || *r->at == '\n' || (*r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n');
}

static void next_line(csv_reader *r) {
    if (r->at < r->end && *r->at == '\r') r->at++;
    if (r->at < r->end) r->at++;
    r->line_start = r->at;
    r->line++;
}

/* Only what a decimal number is made of: no "inf", no hexadecimal. */
static bool is_number(const char *text, size_t length) {
    return length > 0 && strspn(text, "+-.0123456789eE") >= length && strcspn(text, "0123456789") < length;
}

static weft_status no_number(const csv_reader *r, const char *text, size_t length, weft_error *err) {
    char shown[32];
    size_t count = length < sizeof shown - 1 ? length : sizeof shown - 1;
    for (size_t i = 0; i < count; i++) shown[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
    shown[count] = 0;
    if (length == 0) FAIL(r, WEFT_E_PARSE, "a number is missing");
    FAIL(r, WEFT_E_PARSE, "\"%s\" is not a finite number%s", shown,
         r->out->rows == 0 && r->count == 0 ? "; the file has no header line" : "");
}

static weft_status take_value(csv_reader *r, double *value, weft_error *err) {
    skip_blanks(r);
    const char *text = r->at, *stop = text;
    while (stop < r->end && *stop != ',' && *stop != '\n' && *stop != '\r') stop++;
    size_t length = (size_t)(stop - text);
    while (length > 0 && blank(text[length - 1])) length--;
    char *parsed = NULL;
    if (!is_number(text, length)) return no_number(r, text, length, err);
    *value = strtod(text, &parsed);
    if (parsed != text + length || !isfinite(*value)) return no_number(r, text, length, err);
    if (*value < 0 && !r->limits->allow_negative) FAIL(r, WEFT_E_INVALID, "%s %g is negative", r->limits->what, *value);
    r->at = text + length;
    skip_blanks(r);
    return WEFT_OK;
}

static weft_status append(csv_reader *r, double value, weft_error *err) {
    if (r->count == r->capacity) {
        const size_t capacity = r->capacity ? 2 * r->capacity : 4096;
        double *larger = realloc(r->out->values, capacity * sizeof *larger);
        if (!larger) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %.300s", r->out->path);
        r->out->values = larger;
        r->capacity = capacity;
    }
    r->out->values[r->count++] = value;
    return WEFT_OK;
}

static weft_status take_line(csv_reader *r, weft_error *err) {
    double value = 0;
    int columns = 0;
    if (r->out->rows == r->limits->rows) FAIL(r, WEFT_E_INVALID, "more than %d lines", r->limits->rows);
    for (bool more = true; more;) {
        if (r->out->rows && columns == r->out->columns)
            FAIL(r, WEFT_E_PARSE, "more than the %d numbers of the first line", r->out->columns);
        if (columns == r->limits->columns) FAIL(r, WEFT_E_INVALID, "more than %d numbers", r->limits->columns);
        WEFT_TRY(take_value(r, &value, err));
        WEFT_TRY(append(r, value, err));
        columns++;
        more = r->at < r->end && *r->at == ',';
        if (more) r->at++;
    }
    if (!at_line_end(r)) FAIL(r, WEFT_E_PARSE, "a comma or the end of the line has to follow");
    if (r->out->rows && columns < r->out->columns)
        FAIL(r, WEFT_E_PARSE, "%d numbers, the first line has %d", columns, r->out->columns);
    r->out->columns = columns;
    r->out->rows++;
    next_line(r);
    return WEFT_OK;
}

/* Blank lines may only stand at the end. */
static weft_status take_lines(csv_reader *r, weft_error *err) {
    if (r->end - r->at >= 3 && !memcmp(r->at, "\xef\xbb\xbf", 3)) r->at += 3;
    while (r->at < r->end) {
        const char *start = r->at;
        skip_blanks(r);
        if (at_line_end(r)) {
            const size_t rest = strspn(r->at, " \t\r\n");
            if (r->at + rest < r->end) FAIL(r, WEFT_E_PARSE, "an empty line");
            break;
        }
        r->at = start;
        WEFT_TRY(take_line(r, err));
    }
    if (r->out->rows == 0) return weft_error_set_at(err, WEFT_E_INVALID, r->out->path, 0, 0, "has no numbers");
    return WEFT_OK;
}

weft_status weft_matrix_read(weft_matrix *out, const char *path, const weft_matrix_limits *limits, weft_error *err) {
    char *text = NULL;
    size_t size = 0;
    *out = (weft_matrix){.path = path};
    weft_status status = weft_file_read(&text, &size, path, BYTES_MAX, err);
    if (status == WEFT_OK) {
        csv_reader r = {.out = out, .limits = limits, .at = text, .end = text + size, .line_start = text, .line = 1};
        status = take_lines(&r, err);
    }
    free(text);
    if (status != WEFT_OK) weft_matrix_free(out);
    return status;
}

void weft_matrix_free(weft_matrix *matrix) {
    free(matrix->values);
    *matrix = (weft_matrix){0};
}

/* Tables of measured programming: CSV. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/file.h"
#include "sim/model/cells.h"

enum { COLUMNS = 3, ROWS_MAX = 1 << 20, BYTES_MAX = 1 << 26 };
static const char *const names[COLUMNS] = {"g_target_us", "g_mean_us", "g_sigma_us"};

typedef struct reader {
    const char *path;
    int line;         /* of `text` */
    const char *text; /* of the line that is being read */
    weft_error *err;
} reader;

#define FAIL(in, status, at, ...)                                                                                      \
    return weft_error_set_at((in)->err, status, (in)->path, (in)->line, (int)((at) - (in)->text) + 1, __VA_ARGS__)

/* One number up to a comma or the end of the line; *text moves behind it. */
static weft_status read_number(const reader *in, char **text, int column, double *out) {
    char *const start = *text, *const comma = strchr(start, ','), *end;
    if (comma && column == COLUMNS - 1) FAIL(in, WEFT_E_PARSE, comma, "more than %d numbers in a row", COLUMNS);
    if (!comma && column < COLUMNS - 1)
        FAIL(in, WEFT_E_PARSE, start, "%d numbers in a row, needs %d", column + 1, COLUMNS);
    if (comma) *comma = 0;
    *out = strtod(start, &end);
    end += strspn(end, " \t");
    if (end == start || *end || !isfinite(*out)) FAIL(in, WEFT_E_PARSE, start, "'%s' is not a number", start);
    if (*out < 0) FAIL(in, WEFT_E_INVALID, start, "%s: %g is below 0", names[column], *out);
    if (comma) *text = comma + 1;
    return WEFT_OK;
}

static weft_status read_row(const reader *in, char *text, weft_program_table *out) {
    double *const to[COLUMNS] = {out->target, out->mean, out->sigma};
    const int row = out->count;
    char *const start = text;
    for (int c = 0; c < COLUMNS; c++) WEFT_TRY(read_number(in, &text, c, &to[c][row]));
    if (row && out->target[row] <= out->target[row - 1])
        FAIL(in, WEFT_E_INVALID, start, "%s: %g is not above %g of the row before", names[0], out->target[row],
             out->target[row - 1]);
    out->count++;
    return WEFT_OK;
}

/* Cuts the line off at `text`; returns the start of the next one, NULL behind the last. */
static char *cut_line(char *text) {
    char *const end = strchr(text, '\n');
    if (end) *end = 0;
    const size_t length = strlen(text);
    if (length && text[length - 1] == '\r') text[length - 1] = 0;
    return end ? end + 1 : NULL;
}

static weft_status check_header(const reader *in, const char *text) {
    if (strcmp(text, "g_target_us,g_mean_us,g_sigma_us") == 0) return WEFT_OK;
    FAIL(in, WEFT_E_PARSE, text, "needs the header line g_target_us,g_mean_us,g_sigma_us");
}

static weft_status read_lines(weft_program_table *out, const char *path, char *text, weft_error *err) {
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    reader in = {.path = path, .err = err};
    if (strncmp(text, byte_order_mark, 3) == 0) text += 3;
    for (char *next; text; text = next) {
        next = cut_line(text);
        in.line++;
        in.text = text;
        if (in.line == 1)
            WEFT_TRY(check_header(&in, text));
        else if (*text)
            WEFT_TRY(read_row(&in, text, out));
    }
    if (out->count >= 2) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, path, in.line, 0, "needs at least 2 rows, has %d", out->count);
}

static weft_status allocate(weft_program_table *out, const char *text, size_t size, const char *path, weft_error *err) {
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    if (lines > ROWS_MAX) return weft_error_set_at(err, WEFT_E_INVALID, path, 0, 0, "more than %d lines", ROWS_MAX);
    out->target = weft_aligned_alloc(lines, sizeof *out->target);
    out->mean = weft_aligned_alloc(lines, sizeof *out->mean);
    out->sigma = weft_aligned_alloc(lines, sizeof *out->sigma);
    if (out->target && out->mean && out->sigma) return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the table %s", path);
}

static void divide(weft_program_table *table, double g_max_us) {
    for (int i = 0; i < table->count; i++) {
        table->target[i] /= g_max_us;
        table->mean[i] /= g_max_us;
        table->sigma[i] /= g_max_us;
    }
}

/* Nothing is known beyond the table's ends. */
static weft_status check_range(const weft_program_table *table, const weft_chip *chip, weft_error *err) {
    const double first = table->target[0] * chip->device.g_max_us,
                 last = table->target[table->count - 1] * chip->device.g_max_us, low = chip->device.g_min_us,
                 high = chip->device.g_max_us, slack = 1e-9 * high;
    if (first <= low + slack && last >= high - slack) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, chip->program_table_path, 0, 0,
                             "%s from %g to %g uS; cells lie between %g (device.g_min_us) and %g (device.g_max_us)",
                             names[0], first, last, low, high);
}

weft_status weft_program_table_read(weft_program_table *out, const weft_chip *chip, weft_error *err) {
    const char *path = chip->program_table_path;
    char *text = NULL;
    size_t size = 0;
    weft_status status;
    *out = (weft_program_table){0};
    if (!path[0]) return WEFT_OK;
    WEFT_TRY_GOTO(weft_file_read(&text, &size, path, BYTES_MAX, err));
    WEFT_TRY_GOTO(allocate(out, text, size, path, err));
    WEFT_TRY_GOTO(read_lines(out, path, text, err));
    divide(out, chip->device.g_max_us);
    WEFT_TRY_GOTO(check_range(out, chip, err));
cleanup:
    free(text);
    if (status != WEFT_OK) weft_program_table_destroy(out);
    return status;
}

void weft_program_table_destroy(weft_program_table *table) {
    weft_aligned_free(table->target);
    weft_aligned_free(table->mean);
    weft_aligned_free(table->sigma);
    *table = (weft_program_table){0};
}

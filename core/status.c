#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *weft_status_text(weft_status status) {
    static const char *const texts[] = {
#define WEFT_STATUS_TEXT(id, text) [WEFT_E_##id] = text,
        WEFT_STATUS_TABLE(WEFT_STATUS_TEXT)
#undef WEFT_STATUS_TEXT
    };
    size_t count = sizeof texts / sizeof texts[0];
    return (size_t)status < count ? texts[status] : "unknown status";
}

static void fill(weft_error *err, weft_status status, const char *file, int line, int column, const char *format,
                 va_list args) {
    /* Formatted apart, so that an error may quote the text or file of the one it replaces. */
    char text[sizeof err->text], name[sizeof err->file];
    vsnprintf(text, sizeof text, format, args);
    snprintf(name, sizeof name, "%s", file ? file : "");
    err->status = status;
    memcpy(err->file, name, sizeof name);
    err->line = line;
    err->column = column;
    memcpy(err->text, text, sizeof text);
}

weft_status weft_error_set(weft_error *err, weft_status status, const char *format, ...) {
    if (!err) return status;
    va_list args;
    va_start(args, format);
    fill(err, status, NULL, 0, 0, format, args);
    va_end(args);
    return status;
}

weft_status weft_error_set_at(weft_error *err, weft_status status, const char *file, int line, int column,
                              const char *format, ...) {
    if (!err) return status;
    va_list args;
    va_start(args, format);
    fill(err, status, file, line, column, format, args);
    va_end(args);
    return status;
}

void weft_error_format(const weft_error *err, char *out, size_t out_size) {
    if (out_size == 0) return;
    char place[sizeof err->file + 32] = "";
    if (err->file[0] && err->line > 0 && err->column > 0)
        snprintf(place, sizeof place, "%s:%d:%d: ", err->file, err->line, err->column);
    else if (err->file[0] && err->line > 0)
        snprintf(place, sizeof place, "%s:%d: ", err->file, err->line);
    else if (err->file[0])
        snprintf(place, sizeof place, "%s: ", err->file);
    snprintf(out, out_size, "%s%s", place, err->text[0] ? err->text : weft_status_text(err->status));
}

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mapper/passes.h"

weft_status weft_map_log_add(weft_map_log *log, weft_error *err, const char *format, ...) {
    char line[512];
    if (!log) return WEFT_OK;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    char *text = realloc(log->text, log->size + length + 2);
    if (!text) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the mapper's log");
    memcpy(text + log->size, line, length);
    log->text = text;
    log->size += length;
    text[log->size++] = '\n';
    text[log->size] = 0;
    return WEFT_OK;
}

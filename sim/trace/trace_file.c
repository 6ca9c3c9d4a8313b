/* Traces in files, whatever their form. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "sim/trace/trace_internal.h"

static bool ends_with(const char *text, const char *end) {
    const size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && !strcmp(text + size - end_size, end);
}

weft_status weft_trace_write(const weft_trace *trace, const char *path, weft_error *err) {
    weft_output output;
    WEFT_TRY(weft_output_open(&output, path, err));
    weft_status status = ends_with(path, ".txt") ? weft_trace_print(trace, output.stream, err)
                                                 : weft_trace_write_binary(trace, output.stream, err);
    if (status == WEFT_OK) return weft_output_commit(&output, err);
    weft_output_abort(&output);
    return status;
}

static bool begins_with(const char *data, size_t size, const char *text) {
    const size_t length = strlen(text);
    return size >= length && !memcmp(data, text, length);
}

/* The number behind "weft-trace ", 0 where there is none. */
static int version_of(const char *data, size_t size) {
    const size_t skip = begins_with(data, size, "# ") ? 2 : 0;
    if (!begins_with(data + skip, size - skip, WEFT_TRACE_NAME)) return 0;
    int version = 0;
    for (size_t i = skip + strlen(WEFT_TRACE_NAME); i < size && isdigit((unsigned char)data[i]) && version < 1000; i++)
        version = version * 10 + (data[i] - '0');
    return version;
}

weft_status weft_trace_parse(weft_trace **out, const char *path, const char *data, size_t size, weft_error *err) {
    *out = NULL;
    const int version = version_of(data, size);
    const bool text = begins_with(data, size, "# ");
    if (version > WEFT_TRACE_JOINED)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, path, 0, 0,
                                 "a trace of version %d; this weft reads versions 1 to %d", version, WEFT_TRACE_JOINED);
    if (version >= WEFT_TRACE_PLAIN && !text) {
        if (begins_with(data, size, WEFT_TRACE_NAME "2\n") || begins_with(data, size, WEFT_TRACE_NAME "3\n"))
            return weft_trace_read_binary(out, path, (const uint8_t *)data, size, err);
        return weft_trace_offset_error(err, path, 0, "no trace: \"weft-trace %d\" and a new line are expected",
                                       version);
    }
    if (version >= WEFT_TRACE_PLAIN) return weft_trace_read_text(out, path, data, size, err);
    return weft_trace_import_plain(out, path, data, size, version == 1, err);
}

weft_status weft_trace_read(weft_trace **out, const char *path, weft_error *err) {
    char *data = NULL;
    size_t size = 0;
    *out = NULL;
    WEFT_TRY(weft_file_read_gz(&data, &size, path, (size_t)1 << 36, err));
    const weft_status status = weft_trace_parse(out, path, data, size, err);
    free(data);
    return status;
}

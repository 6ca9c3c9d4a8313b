#include "sim/report/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "core/text.h"

void weft_number_text(char *out, size_t out_size, double value) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, out_size, "%.*g", digits, value);
        if (strtod(out, NULL) == value) return;
    }
}

static void string(FILE *stream, const char *text) {
    fputc('"', stream);
    while (*text) {
        size_t length = weft_utf8_length(text);
        unsigned char c = (unsigned char)*text;
        if (length == 0) {
            fputs("\\ufffd", stream);
            length = 1;
        } else if (c == '"' || c == '\\') {
            fprintf(stream, "\\%c", c);
        } else if (c < 0x20 || c == 0x7F) {
            fprintf(stream, "\\u%04x", c);
        } else {
            fwrite(text, 1, length, stream);
        }
        text += length;
    }
    fputc('"', stream);
}

static void indent(weft_json *json) {
    if (json->flat) return;
    fputc('\n', json->stream);
    for (int i = 0; i < json->depth; i++) fputs("  ", json->stream);
}

/* Comma, newline, indent and key ahead of a value. */
static void lead(weft_json *json, const char *key) {
    if (json->comma) fputs(json->flat ? ", " : ",", json->stream);
    if (json->depth > 0) indent(json);
    if (key) {
        string(json->stream, key);
        fputs(": ", json->stream);
    }
    json->comma = true;
}

static void begin(weft_json *json, const char *key, char bracket) {
    lead(json, key);
    fputc(bracket, json->stream);
    json->depth++;
    json->comma = false;
}

static void finish(weft_json *json, char bracket) {
    bool empty = !json->comma;
    json->depth--;
    if (!empty) indent(json);
    fputc(bracket, json->stream);
    json->comma = true;
    if (json->depth == 0 && !json->flat) fputc('\n', json->stream);
}

void weft_json_object(weft_json *json, const char *key) { begin(json, key, '{'); }
void weft_json_object_end(weft_json *json) { finish(json, '}'); }
void weft_json_array(weft_json *json, const char *key) { begin(json, key, '['); }
void weft_json_array_end(weft_json *json) { finish(json, ']'); }

void weft_json_text(weft_json *json, const char *key, const char *text) {
    lead(json, key);
    if (text)
        string(json->stream, text);
    else
        fputs("null", json->stream);
}

void weft_json_number(weft_json *json, const char *key, double value) {
    char text[32] = "null";
    if (isfinite(value)) weft_number_text(text, sizeof text, value);
    lead(json, key);
    fputs(text, json->stream);
}

void weft_json_count(weft_json *json, const char *key, uint64_t value) {
    lead(json, key);
    fprintf(json->stream, "%" PRIu64, value);
}

void weft_json_bool(weft_json *json, const char *key, bool value) {
    lead(json, key);
    fputs(value ? "true" : "false", json->stream);
}

void weft_json_null(weft_json *json, const char *key) {
    lead(json, key);
    fputs("null", json->stream);
}

void weft_json_counts(weft_json *json, const char *key, const uint32_t *values, size_t count) {
    lead(json, key);
    fputc('[', json->stream);
    for (size_t i = 0; i < count; i++) fprintf(json->stream, "%s%" PRIu32, i ? ", " : "", values[i]);
    fputc(']', json->stream);
}

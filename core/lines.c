#include "core/lines.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

weft_lines weft_lines_begin(const char *path, const char *data, size_t size) {
    return (weft_lines){.path = path, .at = data, .end = data + size, .line = data, .word = data};
}

bool weft_lines_next_line(weft_lines *lines) {
    while (lines->at < lines->end) {
        const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
        lines->line = lines->at;
        lines->line_end = end ? end : lines->end;
        lines->at = end ? end + 1 : lines->end;
        lines->number++;
        lines->word = lines->line;
        lines->length = 0;
        while (lines->word < lines->line_end && is_blank(*lines->word)) lines->word++;
        if (lines->word < lines->line_end && *lines->word != '#') return true;
    }
    return false;
}

bool weft_lines_next_word(weft_lines *lines) {
    const char *begin = lines->word + lines->length, *end;
    while (begin < lines->line_end && is_blank(*begin)) begin++;
    for (end = begin; end < lines->line_end && !is_blank(*end) && *begin != '#';) end++;
    lines->word = begin;
    lines->length = (size_t)(end - begin);
    return end > begin;
}

bool weft_lines_word_is(const weft_lines *lines, const char *text) {
    return strlen(text) == lines->length && !memcmp(lines->word, text, lines->length);
}

weft_status weft_lines_word_error(const weft_lines *lines, weft_error *err, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return weft_error_set_at(err, WEFT_E_PARSE, lines->path, lines->number, (int)(lines->word - lines->line) + 1, "%s",
                             text);
}

weft_status weft_lines_end_line(weft_lines *lines, weft_error *err) {
    if (!weft_lines_next_word(lines)) return WEFT_OK;
    return weft_lines_word_error(lines, err, "the line has a word too many");
}

/* Digits (with a sign) of [*at, end); moved behind them. */
static bool scan_number(const char **at, const char *end, int64_t *out) {
    const bool minus = *at < end && **at == '-';
    const char *digit = *at + minus;
    if (digit == end || !isdigit((unsigned char)*digit)) return false;
    for (*out = 0; digit < end && isdigit((unsigned char)*digit); digit++) {
        if (*out > (INT64_MAX - 9) / 10) return false;
        *out = *out * 10 + (*digit - '0');
    }
    if (minus) *out = -*out;
    *at = digit;
    return true;
}

weft_status weft_lines_next_number(weft_lines *lines, int64_t *out, int64_t min, int64_t max, const char *what,
                                   weft_error *err) {
    if (!weft_lines_next_word(lines)) return weft_lines_word_error(lines, err, "%s is missing", what);
    const char *at = lines->word, *end = lines->word + lines->length;
    if (!scan_number(&at, end, out) || at != end)
        return weft_lines_word_error(lines, err, "%s is no whole number: \"%.*s\"", what,
                                     (int)(lines->length < 40 ? lines->length : 40), lines->word);
    if (*out < min || *out > max)
        return weft_lines_word_error(lines, err, "%s is %lld, allowed are %lld to %lld", what, (long long)*out,
                                     (long long)min, (long long)max);
    return WEFT_OK;
}

weft_status weft_lines_list_number(weft_lines *lines, const char **at, int64_t *out, int64_t max, const char *what,
                                   weft_error *err) {
    const char *end = lines->word + lines->length;
    if (!scan_number(at, end, out) || *out < 0 || *out > max)
        return weft_lines_word_error(lines, err, "%s: \"%.*s\" is no list of numbers from 0 to %lld", what,
                                     (int)(lines->length < 40 ? lines->length : 40), lines->word, (long long)max);
    return WEFT_OK;
}

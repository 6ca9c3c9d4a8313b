/* Spike lists from files. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/lines.h"
#include "core/spikes.h"

typedef struct spike_reader {
    weft_lines lines;
    weft_spikes *out;
    size_t sorted; /* spikes before this one are of earlier ticks, and in order */
    double time_s; /* of the last line */
    weft_error *err;
} spike_reader;

/* The next field, up to a comma or a blank, as the lines' present word: errors name its column. */
static bool next_field(weft_lines *lines) {
    const char *begin = lines->word + lines->length;
    const bool first = !lines->length;
    while (begin < lines->line_end && isspace((unsigned char)*begin)) begin++;
    if (!first && begin < lines->line_end && *begin == ',') begin++;
    while (begin < lines->line_end && isspace((unsigned char)*begin)) begin++;
    const char *end = begin;
    while (end < lines->line_end && *end != ',' && !isspace((unsigned char)*end)) end++;
    lines->word = begin;
    lines->length = (size_t)(end - begin);
    return end > begin;
}

static weft_status end_line(spike_reader *reader) {
    weft_lines *lines = &reader->lines;
    const char *rest = lines->word + lines->length;
    while (rest < lines->line_end && isspace((unsigned char)*rest)) rest++;
    if (rest == lines->line_end) return WEFT_OK;
    lines->word = rest;
    lines->length = (size_t)(lines->line_end - rest);
    return weft_lines_word_error(lines, reader->err, "the line has more than it should");
}

/* Length of the present word for messages. */
static int shown(const weft_lines *lines) { return (int)(lines->length < 40 ? lines->length : 40); }

/* A whole number from 0 to max. */
static weft_status read_count(spike_reader *reader, uint64_t *out, uint64_t max, const char *what) {
    weft_lines *lines = &reader->lines;
    if (!next_field(lines)) return weft_lines_word_error(lines, reader->err, "%s is missing", what);
    const bool minus = *lines->word == '-' && lines->length > 1;
    *out = 0;
    for (size_t i = minus; i < lines->length; i++) {
        if (!isdigit((unsigned char)lines->word[i]))
            return weft_lines_word_error(lines, reader->err, "%s is no whole number: \"%.*s\"", what, shown(lines),
                                         lines->word);
        if (*out <= max)
            *out = *out > (UINT64_MAX - 9) / 10 ? UINT64_MAX : *out * 10 + (uint64_t)(lines->word[i] - '0');
    }
    if (minus || *out > max)
        return weft_lines_word_error(lines, reader->err, "%s is %.*s, allowed are 0 to %" PRIu64, what, shown(lines),
                                     lines->word, max);
    return WEFT_OK;
}

/* A decimal number, 0 or more. */
static weft_status read_seconds(spike_reader *reader, double *out) {
    weft_lines *lines = &reader->lines;
    char text[64], *end = NULL;
    if (!next_field(lines)) return weft_lines_word_error(lines, reader->err, "time is missing");
    const bool fits = lines->length < sizeof text;
    snprintf(text, sizeof text, "%.*s", (int)(fits ? lines->length : sizeof text - 1), lines->word);
    const bool plain = strspn(text, "0123456789+-.eE") == strlen(text);
    *out = strtod(text, &end);
    if (!fits || !plain || *end || !isfinite(*out))
        return weft_lines_word_error(lines, reader->err, "time is no number: \"%.*s\"", shown(lines), lines->word);
    if (*out < 0) return weft_lines_word_error(lines, reader->err, "time is %s, earlier than 0", text);
    return WEFT_OK;
}

static int by_neuron(const void *left, const void *right) {
    const weft_spike *a = left, *b = right;
    return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

/* Puts the spikes of the last tick into order. twice: not NULL where a neuron may not stand twice; set to such a one.
 */
static bool close_tick(weft_spikes *spikes, size_t *sorted, uint32_t *twice) {
    weft_spike *items = spikes->items;
    size_t kept = *sorted;
    if (spikes->count - kept > 1) qsort(items + kept, spikes->count - kept, sizeof *items, by_neuron);
    for (size_t i = *sorted; i < spikes->count; i++) {
        if (kept == *sorted || items[kept - 1].neuron != items[i].neuron) {
            items[kept++] = items[i];
        } else if (twice) {
            *twice = items[i].neuron;
            return false;
        }
    }
    spikes->merged += spikes->count - kept;
    spikes->count = *sorted = kept;
    return true;
}

/* The present word is what is said of. */
static weft_status check_order(spike_reader *reader, uint64_t tick) {
    const weft_spikes *out = reader->out;
    if (!out->count || tick >= out->items[out->count - 1].tick) return WEFT_OK;
    return weft_lines_word_error(&reader->lines, reader->err, "%.*s comes after a later one; times must ascend",
                                 shown(&reader->lines), reader->lines.word);
}

/* Adds a spike whose tick is not before the last. Of whole ticks a neuron may have one. */
static weft_status take(spike_reader *reader, uint64_t tick, uint64_t neuron, bool whole_ticks) {
    weft_spikes *out = reader->out;
    const weft_spike *last = out->count ? &out->items[out->count - 1] : NULL;
    uint32_t twice = 0;
    if (whole_ticks && last && last->tick == tick && last->neuron == neuron)
        return weft_lines_word_error(&reader->lines, reader->err, "neuron %" PRIu64 " fires twice in this tick",
                                     neuron);
    if (last && tick > last->tick && !close_tick(out, &reader->sorted, whole_ticks ? &twice : NULL))
        return weft_lines_word_error(&reader->lines, reader->err,
                                     "neuron %" PRIu32 " fires twice in the tick before this", twice);
    return weft_spikes_add(out, tick, (uint32_t)neuron, reader->err);
}

static weft_status finish(spike_reader *reader, bool whole_ticks) {
    uint32_t twice = 0;
    if (close_tick(reader->out, &reader->sorted, whole_ticks ? &twice : NULL)) return WEFT_OK;
    return weft_lines_word_error(&reader->lines, reader->err, "neuron %" PRIu32 " fires twice in the last tick", twice);
}

/* ---- CSV ---- */

static weft_status read_header(spike_reader *reader, bool *seconds) {
    weft_lines *lines = &reader->lines;
    if (weft_lines_next_line(lines) && weft_lines_next_word(lines)) {
        *seconds = weft_lines_word_is(lines, "time_s,neuron");
        if (*seconds || weft_lines_word_is(lines, "tick,neuron")) return end_line(reader);
    }
    if (!lines->number) lines->number = 1; /* an empty file */
    return weft_lines_word_error(lines, reader->err, "the first line is not \"tick,neuron\" or \"time_s,neuron\"");
}

static weft_status too_late(spike_reader *reader) {
    return weft_lines_word_error(&reader->lines, reader->err, "time is %.*s, beyond %" PRIu64 " ticks of %g s",
                                 shown(&reader->lines), reader->lines.word, WEFT_SPIKES_TICKS_MAX, reader->out->tick_s);
}

static weft_status read_time(spike_reader *reader, uint64_t *tick) {
    double time_s = 0;
    WEFT_TRY(read_seconds(reader, &time_s));
    if (time_s < reader->time_s)
        return weft_lines_word_error(&reader->lines, reader->err, "%.*s comes after a later one; times must ascend",
                                     shown(&reader->lines), reader->lines.word);
    reader->time_s = time_s;
    *tick = weft_spikes_tick_of(time_s, reader->out->tick_s);
    return *tick == UINT64_MAX ? too_late(reader) : WEFT_OK;
}

static weft_status read_row(spike_reader *reader, bool seconds) {
    uint64_t tick = 0, neuron = 0;
    if (seconds) {
        WEFT_TRY(read_time(reader, &tick));
    } else {
        WEFT_TRY(read_count(reader, &tick, WEFT_SPIKES_TICKS_MAX - 1, "tick"));
        WEFT_TRY(check_order(reader, tick));
    }
    WEFT_TRY(read_count(reader, &neuron, reader->out->neurons - 1, "neuron"));
    WEFT_TRY(end_line(reader));
    return take(reader, tick, neuron, !seconds);
}

static weft_status read_rows(spike_reader *reader) {
    bool seconds = false;
    WEFT_TRY(read_header(reader, &seconds));
    if (seconds && reader->out->tick_s <= 0)
        return weft_lines_word_error(&reader->lines, reader->err, "times in seconds need the length of a tick");
    while (weft_lines_next_line(&reader->lines)) WEFT_TRY(read_row(reader, seconds));
    return finish(reader, !seconds);
}

/* ---- AER ---- */

static weft_status read_polarity(spike_reader *reader, bool *brighter) {
    weft_lines *lines = &reader->lines;
    if (!next_field(lines)) return weft_lines_word_error(lines, reader->err, "polarity is missing");
    *brighter = weft_lines_word_is(lines, "1");
    if (*brighter || weft_lines_word_is(lines, "0") || weft_lines_word_is(lines, "-1")) return WEFT_OK;
    return weft_lines_word_error(lines, reader->err, "polarity is %.*s, allowed are 1, 0 and -1", shown(lines),
                                 lines->word);
}

static weft_status read_event(spike_reader *reader, int width, int height) {
    uint64_t time_us = 0, x = 0, y = 0;
    bool brighter = false;
    WEFT_TRY(read_count(reader, &time_us, UINT64_C(1) << 53, "time"));
    const uint64_t tick = weft_spikes_tick_of((double)time_us * 1e-6, reader->out->tick_s);
    if (tick == UINT64_MAX) return too_late(reader);
    if ((double)time_us < reader->time_s)
        return weft_lines_word_error(&reader->lines, reader->err, "%.*s comes after a later one; times must ascend",
                                     shown(&reader->lines), reader->lines.word);
    reader->time_s = (double)time_us;
    WEFT_TRY(read_count(reader, &x, (uint64_t)width - 1, "x"));
    WEFT_TRY(read_count(reader, &y, (uint64_t)height - 1, "y"));
    WEFT_TRY(read_polarity(reader, &brighter));
    WEFT_TRY(end_line(reader));
    return take(reader, tick, ((brighter ? (uint64_t)height : 0) + y) * (uint64_t)width + x, false);
}

static weft_status read_events(spike_reader *reader, int width, int height) {
    weft_lines *lines = &reader->lines;
    for (bool first = true; weft_lines_next_line(lines); first = false) {
        if (first && !isdigit((unsigned char)*lines->word) && !strchr("+-", *lines->word)) continue;
        WEFT_TRY(read_event(reader, width, height));
    }
    return finish(reader, false);
}

/* ---- files ---- */

/* width 0: CSV. */
static weft_status read_file(weft_spikes *out, const char *path, uint64_t neurons, int width, int height, double tick_s,
                             weft_error *err) {
    char *text = NULL;
    size_t size = 0;
    *out = (weft_spikes){.neurons = neurons, .tick_s = tick_s};
    WEFT_TRY(weft_file_read_gz(&text, &size, path, WEFT_SPIKES_BYTES_MAX, err));
    spike_reader reader = {.lines = weft_lines_begin(path, text, size), .out = out, .err = err};
    const weft_status status = width ? read_events(&reader, width, height) : read_rows(&reader);
    free(text);
    if (status != WEFT_OK) weft_spikes_free(out);
    return status;
}

weft_status weft_spikes_read_csv(weft_spikes *out, const char *path, uint64_t neurons, double tick_s, weft_error *err) {
    *out = (weft_spikes){0};
    if (neurons < 1 || neurons > WEFT_SPIKES_NEURONS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "%" PRIu64 " neurons, allowed are 1 to %" PRIu64, neurons,
                              WEFT_SPIKES_NEURONS_MAX);
    return read_file(out, path, neurons, 0, 0, tick_s, err);
}

weft_status weft_spikes_read_aer(weft_spikes *out, const char *path, int width, int height, double tick_s,
                                 weft_error *err) {
    *out = (weft_spikes){0};
    if (width < 1 || height < 1 || width > 32768 || height > 32768 || !(tick_s > 0))
        return weft_error_set(err, WEFT_E_INVALID,
                              "address events of %d x %d pixels in ticks of %g s; needs 1 to 32768 each way, and ticks "
                              "with a length",
                              width, height, tick_s);
    return read_file(out, path, 2 * (uint64_t)width * (uint64_t)height, width, height, tick_s, err);
}

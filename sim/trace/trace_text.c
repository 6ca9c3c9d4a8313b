/* Traces as text: the header's line, then one line a record, words and values in turn. docs/trace.md has the grammar.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/lines.h"
#include "sim/trace/trace_internal.h"

static const char *const kind_names[] = {"flits", "input", "activation", "partial", "result"}; /* from -1 on */
enum { KIND_COUNT = sizeof kind_names / sizeof kind_names[0] };

/* ---- writing ---- */

static void print_moment(FILE *stream, const char *key, uint64_t cycle) {
    if (cycle != WEFT_TRACE_NONE) fprintf(stream, " %s %" PRIu64, key, cycle);
}

static void print_place(FILE *stream, int stage, int64_t image, uint64_t earliest, const uint64_t *after, int count) {
    if (stage >= 0) fprintf(stream, " stage %d", stage);
    if (image >= 0) fprintf(stream, " image %" PRId64, image);
    if (earliest) fprintf(stream, " earliest %" PRIu64, earliest);
    for (int i = 0; i < count; i++)
        fprintf(stream, "%s%" PRIu64 "%s", i ? "," : " after ", after[i] >> 1, after[i] & WEFT_TRACE_FINISH ? "" : "s");
}

static void print_record(FILE *stream, const weft_trace_record *r) {
    if (r->is_packet) {
        const weft_trace_packet *p = &r->packet;
        fprintf(stream, "%" PRIu64 " packet from %d", r->number, p->source);
        for (int i = 0; i < p->target_count; i++) fprintf(stream, "%s%d", i ? "," : " to ", p->targets[i]);
        fprintf(stream, " %s %d", kind_names[p->kind + 1], p->values);
        print_place(stream, p->stage, p->image, p->earliest, p->after, p->after_count);
        if (p->joined) fputs(" joined", stream);
        print_moment(stream, "start", p->start);
        print_moment(stream, "finish", p->finish);
    } else {
        const weft_trace_operation *o = &r->operation;
        fprintf(stream, "%" PRIu64 " operation server %d amount %" PRIu64, r->number, o->server, o->amount);
        print_place(stream, o->stage, o->image, o->earliest, o->after, o->after_count);
        print_moment(stream, "start", o->start);
        print_moment(stream, "finish", o->finish);
    }
    fputc('\n', stream);
}

weft_status weft_trace_print(const weft_trace *trace, FILE *stream, weft_error *err) {
    weft_trace_cursor *cursor = NULL;
    weft_trace_record record;
    char *header = weft_trace_header_text(&trace->header);
    if (!header) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's header");
    fprintf(stream, "# %s%d\nheader %s\n", WEFT_TRACE_NAME, weft_trace_version(trace), header);
    weft_trace_header_free_text(header);
    WEFT_TRY(weft_trace_cursor_create(&cursor, trace, err));
    while (weft_trace_next(cursor, &record)) print_record(stream, &record);
    weft_trace_cursor_destroy(cursor);
    return WEFT_OK;
}

/* ---- reading ---- */

/* Lists of the record being read; they grow. */
typedef struct text_reader {
    weft_lines lines;
    weft_trace *trace;
    uint64_t *after;
    int *targets;
    size_t after_room, target_room;
} text_reader;

static weft_status no_memory(size_t count, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for a list of %zu", count);
}

/* Behind a number of a list: true when another one follows. */
static bool list_goes_on(const weft_lines *lines, const char **at) {
    if (*at == lines->word + lines->length || **at != ',') return false;
    ++*at;
    return true;
}

static weft_status list_end(const weft_lines *lines, const char *at, weft_error *err) {
    if (at == lines->word + lines->length) return WEFT_OK;
    return weft_lines_word_error(lines, err, "'%c' inside a list of numbers", *at);
}

static weft_status need_word(weft_lines *lines, const char *key, weft_error *err) {
    if (weft_lines_next_word(lines)) return WEFT_OK;
    return weft_lines_word_error(lines, err, "%s needs a value", key);
}

static weft_status read_targets(text_reader *r, weft_trace_packet *packet, weft_error *err) {
    weft_lines *l = &r->lines;
    int64_t terminal;
    WEFT_TRY(need_word(l, "to", err));
    const char *at = l->word;
    packet->target_count = 0;
    do {
        WEFT_TRY(weft_lines_list_number(l, &at, &terminal, WEFT_TRACE_TERMINALS_MAX - 1, "to", err));
        int *targets = weft_trace_grow(r->targets, &r->target_room, (size_t)packet->target_count, sizeof *targets);
        if (!targets) return no_memory((size_t)packet->target_count, err);
        r->targets = targets;
        targets[packet->target_count++] = (int)terminal;
    } while (list_goes_on(l, &at));
    packet->targets = r->targets;
    return list_end(l, at, err);
}

static weft_status read_after(text_reader *r, int *count, weft_error *err) {
    weft_lines *l = &r->lines;
    int64_t number;
    WEFT_TRY(need_word(l, "after", err));
    const char *at = l->word;
    *count = 0;
    do {
        WEFT_TRY(weft_lines_list_number(l, &at, &number, INT64_MAX / 4, "after", err));
        uint64_t *after = weft_trace_grow(r->after, &r->after_room, (size_t)*count, sizeof *after);
        if (!after) return no_memory((size_t)*count, err);
        r->after = after;
        const bool start = at < l->word + l->length && *at == 's';
        at += start;
        after[(*count)++] = weft_trace_when((uint64_t)number, start ? WEFT_TRACE_START : WEFT_TRACE_FINISH);
    } while (list_goes_on(l, &at));
    return list_end(l, at, err);
}

static weft_status read_int(weft_lines *lines, int *out, int64_t max, const char *what, weft_error *err) {
    int64_t value = 0;
    WEFT_TRY(weft_lines_next_number(lines, &value, 0, max, what, err));
    *out = (int)value;
    return WEFT_OK;
}

static weft_status read_count(weft_lines *lines, uint64_t *out, uint64_t max, const char *what, weft_error *err) {
    int64_t value = 0;
    WEFT_TRY(weft_lines_next_number(lines, &value, 0, (int64_t)max, what, err));
    *out = (uint64_t)value;
    return WEFT_OK;
}

/* What an operation and a packet have in common. */
typedef struct place {
    int stage, after_count;
    int64_t image;
    uint64_t earliest, start, finish;
} place;

/* *known: the word was one of these. */
static weft_status read_place(text_reader *r, place *p, bool *known, weft_error *err) {
    weft_lines *l = &r->lines;
    *known = true;
    if (weft_lines_word_is(l, "stage")) return read_int(l, &p->stage, WEFT_TRACE_TERMINALS_MAX, "stage", err);
    if (weft_lines_word_is(l, "image")) return weft_lines_next_number(l, &p->image, 0, INT64_MAX, "image", err);
    if (weft_lines_word_is(l, "earliest")) return read_count(l, &p->earliest, WEFT_TRACE_TIME_MAX, "earliest", err);
    if (weft_lines_word_is(l, "start")) return read_count(l, &p->start, WEFT_TRACE_TIME_MAX, "start", err);
    if (weft_lines_word_is(l, "finish")) return read_count(l, &p->finish, WEFT_TRACE_TIME_MAX, "finish", err);
    if (weft_lines_word_is(l, "after")) return read_after(r, &p->after_count, err);
    *known = false;
    return WEFT_OK;
}

static weft_status unknown_word(const weft_lines *l, bool packet, weft_error *err) {
    static const char *const of_packet[] = {"from",    "to",     "flits", "input",  "activation",
                                            "partial", "result", "stage", "image",  "earliest",
                                            "start",   "finish", "after", "joined", NULL};
    static const char *const of_operation[] = {"server", "amount", "stage", "image", "earliest",
                                               "start",  "finish", "after", NULL};
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(l->length < 60 ? l->length : 60), l->word);
    const char *nearest = weft_text_nearest(word, packet ? of_packet : of_operation);
    return weft_lines_word_error(l, err, "unknown word \"%s\" of %s%s%s", word, packet ? "a packet" : "an operation",
                                 nearest ? "; nearest is " : "", nearest ? nearest : "");
}

static weft_status read_packet(text_reader *r, weft_error *err) {
    weft_lines *l = &r->lines;
    weft_trace_packet packet = {.source = -1, .kind = -2};
    place p = {-1, 0, -1, 0, WEFT_TRACE_NONE, WEFT_TRACE_NONE};
    while (weft_lines_next_word(l)) {
        bool known;
        WEFT_TRY(read_place(r, &p, &known, err));
        if (known) continue;
        int kind = 0;
        while (kind < KIND_COUNT && !weft_lines_word_is(l, kind_names[kind])) kind++;
        if (kind < KIND_COUNT) {
            packet.kind = kind - 1;
            WEFT_TRY(read_int(l, &packet.values, WEFT_TRACE_VALUES_MAX, kind_names[kind], err));
        } else if (weft_lines_word_is(l, "joined")) {
            packet.joined = true;
        } else if (weft_lines_word_is(l, "from")) {
            WEFT_TRY(read_int(l, &packet.source, WEFT_TRACE_TERMINALS_MAX, "from", err));
        } else if (weft_lines_word_is(l, "to")) {
            WEFT_TRY(read_targets(r, &packet, err));
        } else {
            return unknown_word(l, true, err);
        }
    }
    if (packet.source < 0 || !packet.target_count || packet.kind < -1)
        return weft_lines_word_error(l, err, "a packet needs 'from', 'to' and what it carries");
    packet.stage = p.stage, packet.image = p.image, packet.earliest = p.earliest;
    packet.after = r->after, packet.after_count = p.after_count, packet.start = p.start, packet.finish = p.finish;
    return weft_trace_add_packet(r->trace, &packet, NULL, err);
}

static weft_status read_operation(text_reader *r, weft_error *err) {
    weft_lines *l = &r->lines;
    weft_trace_operation operation = {.server = -1, .amount = WEFT_TRACE_NONE};
    place p = {-1, 0, -1, 0, WEFT_TRACE_NONE, WEFT_TRACE_NONE};
    while (weft_lines_next_word(l)) {
        bool known;
        WEFT_TRY(read_place(r, &p, &known, err));
        if (known) continue;
        if (weft_lines_word_is(l, "server"))
            WEFT_TRY(read_int(l, &operation.server, WEFT_TRACE_TERMINALS_MAX, "server", err));
        else if (weft_lines_word_is(l, "amount"))
            WEFT_TRY(read_count(l, &operation.amount, WEFT_TRACE_AMOUNT_MAX, "amount", err));
        else
            return unknown_word(l, false, err);
    }
    if (operation.server < 0 || operation.amount == WEFT_TRACE_NONE)
        return weft_lines_word_error(l, err, "an operation needs 'server' and 'amount'");
    operation.stage = p.stage, operation.image = p.image, operation.earliest = p.earliest;
    operation.after = r->after, operation.after_count = p.after_count;
    operation.start = p.start, operation.finish = p.finish;
    return weft_trace_add_operation(r->trace, &operation, NULL, err);
}

/* What add found wrong is wrong at this line. */
static weft_status locate(const text_reader *r, weft_status status, weft_error *err) {
    if (status != WEFT_E_INVALID || !err) return status == WEFT_E_INVALID ? WEFT_E_PARSE : status;
    const weft_error inner = *err;
    return weft_error_set_at(err, WEFT_E_PARSE, r->lines.path, r->lines.number, 1, "%s", inner.text);
}

static weft_status read_record(text_reader *r, weft_error *err) {
    weft_lines *l = &r->lines;
    const uint64_t expected = weft_trace_count(r->trace);
    uint64_t number = 0;
    WEFT_TRY(read_count(l, &number, INT64_MAX, "a record's number", err));
    if (number != expected)
        return weft_lines_word_error(l, err, "record %" PRIu64 " comes next, not %" PRIu64, expected, number);
    if (weft_lines_next_word(l) && weft_lines_word_is(l, "packet")) return locate(r, read_packet(r, err), err);
    if (weft_lines_word_is(l, "operation")) return locate(r, read_operation(r, err), err);
    return weft_lines_word_error(l, err, "a record is an operation or a packet");
}

static weft_status read_header(text_reader *r, weft_error *err) {
    weft_lines *l = &r->lines;
    if (!weft_lines_next_line(l) || !weft_lines_next_word(l) || !weft_lines_word_is(l, "header"))
        return weft_lines_word_error(l, err, "a trace begins with a line 'header {...}'");
    const char *begin = l->word + l->length;
    return weft_trace_header_parse(&r->trace, begin, (size_t)(l->line_end - begin), l->path, l->number,
                                   (size_t)(begin - l->line), err);
}

weft_status weft_trace_read_text(weft_trace **out, const char *path, const char *data, size_t size, weft_error *err) {
    text_reader r = {.lines = weft_lines_begin(path, data, size)};
    weft_status status = read_header(&r, err);
    while (status == WEFT_OK && weft_lines_next_line(&r.lines)) status = read_record(&r, err);
    free(r.after);
    free(r.targets);
    if (status != WEFT_OK) {
        weft_trace_destroy(r.trace);
        r.trace = NULL;
    }
    *out = r.trace;
    return status;
}

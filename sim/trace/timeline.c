/* A replay as Chrome's trace events. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/text.h"
#include "sim/trace/replay_internal.h"
#include "sim/trace/times.h"

typedef struct timeline {
    const weft_trace *trace;
    const weft_times *times;
    const weft_chip *chip;
    FILE *stream;
    bool comma;
} timeline;

static const char *const packet_names[] = {"flits", "input", "activation", "partial sums", "result"}; /* from -1 on */

static void begin_event(timeline *t) {
    fputs(t->comma ? ",\n{" : "\n{", t->stream);
    t->comma = true;
}

static double us(const timeline *t, uint64_t cycle) { return (double)cycle * t->chip->cycle_ns * 1e-3; }

/* Text of the trace, quoted. */
static void print_text(FILE *stream, const char *text) {
    fputc('"', stream);
    while (*text) {
        const size_t length = weft_utf8_length(text);
        if (length == 1 && (unsigned char)*text >= 32 && *text != '"' && *text != '\\' && *text != 127)
            fputc(*text, stream);
        else if (length > 1)
            fwrite(text, 1, length, stream);
        else
            fprintf(stream, "\\u%04x", length ? (unsigned)(unsigned char)*text : 0xfffdU);
        text += length ? length : 1;
    }
    fputc('"', stream);
}

/* A process a terminal; 0 is the network. */
static int process_of(int terminal) { return terminal + 1; }

static void name_process(timeline *t, int pid, const char *name) {
    begin_event(t);
    fprintf(t->stream, "\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"args\":{\"name\":\"%s\"}}", pid, name);
    begin_event(t);
    fprintf(t->stream, "\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":%d,\"args\":{\"sort_index\":%d}}", pid,
            pid);
}

static void name_thread(timeline *t, int server) {
    const weft_trace_header *h = weft_trace_header_of(t->trace);
    const weft_trace_server *s = &h->servers[server];
    char name[300];
    int used = snprintf(name, sizeof name, "%s", weft_server_kind_names[s->kind]);
    if (s->stage >= 0) used += snprintf(name + used, sizeof name - (size_t)used, " of %.200s", h->stages[s->stage]);
    if (s->copy > 0) used += snprintf(name + used, sizeof name - (size_t)used, ", copy %d", s->copy);
    if (s->part > 0) snprintf(name + used, sizeof name - (size_t)used, ", part %d", s->part);
    begin_event(t);
    fprintf(t->stream,
            "\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":", process_of(s->terminal),
            server + 1);
    print_text(t->stream, name);
    fputs("}}", t->stream);
}

static void name_all(timeline *t, const bool *used) {
    const weft_trace_header *h = weft_trace_header_of(t->trace);
    char name[32];
    name_process(t, 0, "network");
    for (int terminal = 0; terminal < h->terminals; terminal++) {
        if (!used[terminal]) continue;
        snprintf(name, sizeof name, "core %d", terminal);
        name_process(t, process_of(terminal), terminal == h->host ? "host" : name);
    }
    for (int s = 0; s < h->server_count; s++) name_thread(t, s);
}

static void print_operation(timeline *t, const weft_trace_record *r) {
    const weft_trace_header *h = weft_trace_header_of(t->trace);
    const weft_trace_operation *o = &r->operation;
    const weft_trace_server *s = &h->servers[o->server];
    const uint64_t start = t->times->start[r->number], free = t->times->free[r->number];
    begin_event(t);
    fputs("\"ph\":\"X\",\"name\":", t->stream);
    print_text(t->stream, o->stage >= 0 ? h->stages[o->stage] : weft_server_kind_names[s->kind]);
    fprintf(t->stream,
            ",\"cat\":\"%s\",\"pid\":%d,\"tid\":%d,\"ts\":%.6f,\"dur\":%.6f,\"args\":{\"record\":%" PRIu64
            ",\"amount\":%" PRIu64 ",\"image\":%" PRId64 ",\"result_us\":%.6f}}",
            weft_server_kind_names[s->kind], process_of(s->terminal), o->server + 1, us(t, start),
            us(t, free) - us(t, start), r->number, o->amount, o->image, us(t, t->times->finish[r->number]));
}

static void print_packet(timeline *t, const weft_trace_record *r) {
    const weft_trace_packet *p = &r->packet;
    const char *const name = packet_names[p->kind + 1];
    const int pid = process_of(p->source);
    begin_event(t);
    fprintf(t->stream,
            "\"ph\":\"b\",\"name\":\"%s\",\"cat\":\"packet\",\"id\":%" PRIu64
            ",\"pid\":%d,\"tid\":0,\"ts\":%.6f,\"args\":{\"values\":%d,\"image\":%" PRId64 ",\"to\":[",
            name, r->number, pid, us(t, t->times->start[r->number]), p->values, p->image);
    for (int i = 0; i < p->target_count; i++) fprintf(t->stream, i ? ",%d" : "%d", p->targets[i]);
    fputs("]}}", t->stream);
    begin_event(t);
    fprintf(t->stream,
            "\"ph\":\"e\",\"name\":\"%s\",\"cat\":\"packet\",\"id\":%" PRIu64 ",\"pid\":%d,\"tid\":0,\"ts\":%.6f}",
            name, r->number, pid, us(t, t->times->finish[r->number]));
}

/* ---- flits in flight ---- */

typedef struct change {
    uint64_t cycle;
    int64_t flits;
} change;

static int by_cycle(const void *a, const void *b) {
    const uint64_t x = ((const change *)a)->cycle, y = ((const change *)b)->cycle;
    return (x > y) - (x < y);
}

static void print_counter(timeline *t, change *changes, size_t count) {
    int64_t flits = 0;
    if (count) qsort(changes, count, sizeof *changes, by_cycle);
    for (size_t i = 0; i < count; i++) {
        flits += changes[i].flits;
        if (i + 1 < count && changes[i + 1].cycle == changes[i].cycle) continue;
        begin_event(t);
        fprintf(t->stream,
                "\"ph\":\"C\",\"name\":\"flits in flight\",\"pid\":0,\"ts\":%.6f,\"args\":{\"flits\":%" PRId64 "}}",
                us(t, changes[i].cycle), flits);
    }
}

/* Of all targets, until the last one is reached. */
static int64_t flits_of(const timeline *t, const weft_trace_packet *p) {
    const int flits =
        p->kind < 0 ? p->values : weft_chip_flits(t->chip, p->values, weft_replay_value_bits(t->chip, p->kind));
    return (int64_t)flits * p->target_count;
}

static void print_records(timeline *t, weft_trace_cursor *cursor, change *changes) {
    weft_trace_record r;
    size_t count = 0;
    while (weft_trace_next(cursor, &r)) {
        if (!r.is_packet) {
            print_operation(t, &r);
            continue;
        }
        const int64_t flits = flits_of(t, &r.packet);
        changes[count++] = (change){t->times->start[r.number], flits};
        changes[count++] = (change){t->times->finish[r.number], -flits};
        print_packet(t, &r);
    }
    print_counter(t, changes, count);
}

static void find_used(bool *used, const weft_trace *trace, weft_trace_cursor *cursor) {
    const weft_trace_header *h = weft_trace_header_of(trace);
    weft_trace_record r;
    for (int s = 0; s < h->server_count; s++) used[h->servers[s].terminal] = true;
    while (weft_trace_next(cursor, &r))
        if (r.is_packet) used[r.packet.source] = true;
}

weft_status weft_timeline_write(const weft_trace *trace, const weft_times *times, const weft_chip *chip, FILE *stream,
                                weft_error *err) {
    timeline t = {trace, times, chip, stream, false};
    weft_trace_cursor *first = NULL, *second = NULL;
    bool *used = calloc((size_t)weft_trace_header_of(trace)->terminals, sizeof *used);
    change *changes = malloc((2 * times->count + 1) * sizeof *changes);
    weft_status status =
        used && changes ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a timeline of %zu", times->count);
    if (status == WEFT_OK) status = weft_trace_cursor_create(&first, trace, err);
    if (status == WEFT_OK) status = weft_trace_cursor_create(&second, trace, err);
    if (status == WEFT_OK) {
        fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", stream);
        find_used(used, trace, first);
        name_all(&t, used);
        print_records(&t, second, changes);
        fputs("\n]}\n", stream);
    }
    weft_trace_cursor_destroy(first);
    weft_trace_cursor_destroy(second);
    free(used);
    free(changes);
    return status;
}

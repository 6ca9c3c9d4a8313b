/* A replay as waves. Every change of a signal is a difference at a cycle; at last they are sorted and added up. */
#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noc/noc.h"
#include "sim/trace/replay_internal.h"
#include "sim/trace/times.h"
#include "sim/trace/trace_internal.h"

enum { NAME_SIZE = 400, BITS_BUSY = 1, BITS_PACKETS = 32, BITS_FLITS = 64 };

typedef enum signal_kind { BUSY, IN_FLIGHT, NETWORK, LINK } signal_kind;

typedef struct vcd_signal {
    const char *name;
    signal_kind kind;
    int index; /* server; terminal of the trace; router * 4 + direction */
    int bits;
    int64_t value; /* while writing; LINK: while running */
} vcd_signal;

typedef struct vcd_change {
    uint64_t cycle;
    int64_t by;
    uint32_t signal;
} vcd_change;

struct weft_vcd {
    const weft_trace *trace;
    const weft_chip *chip;
    weft_arena *arena;
    vcd_signal *signals;
    size_t signal_count, signal_room;
    size_t link_begin; /* links come last */
    vcd_change *changes;
    size_t change_count, change_room;
    bool memory; /* it went out during the run */
};

/* ---- signals ---- */

static weft_status no_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "no memory for waves"); }

static weft_status add_signal(weft_vcd *v, const char *name, signal_kind kind, int index, int bits, weft_error *err) {
    vcd_signal *signals = weft_trace_grow(v->signals, &v->signal_room, v->signal_count, sizeof *signals);
    const char *copy = weft_arena_strdup(v->arena, name);
    if (signals) v->signals = signals;
    if (!signals || !copy) return no_memory(err);
    signals[v->signal_count++] = (vcd_signal){copy, kind, index, bits, 0};
    return WEFT_OK;
}

/* Letters, digits and underscores, so that viewers take it as one word. */
static void print_word(char *out, size_t size, const char *text) {
    size_t n = 0;
    for (; text[n] && n + 1 < size; n++) out[n] = isalnum((unsigned char)text[n]) ? text[n] : '_';
    out[n] = '\0';
}

static bool has_copies(const weft_trace_header *h, int stage) {
    for (int s = 0; s < h->server_count; s++)
        if (h->servers[s].stage == stage && h->servers[s].copy > 0) return true;
    return false;
}

static void terminal_name(char *out, size_t size, const weft_trace_header *h, int terminal) {
    if (terminal == h->host)
        snprintf(out, size, "host");
    else
        snprintf(out, size, "core_%d", terminal);
}

static void server_name(char *out, size_t size, const weft_trace_header *h, const weft_trace_server *s) {
    char stage[200] = "", at[32];
    terminal_name(at, sizeof at, h, s->terminal);
    if (s->kind == WEFT_SERVER_BARRIER) snprintf(at, sizeof at, "chip");
    int used = snprintf(out, size, "%s.%s", at, weft_server_kind_names[s->kind]);
    if (s->stage >= 0) {
        print_word(stage, sizeof stage, h->stages[s->stage]);
        used += snprintf(out + used, size - (size_t)used, ".%s", stage);
        if (has_copies(h, s->stage)) used += snprintf(out + used, size - (size_t)used, ".copy_%d", s->copy);
    }
    if (s->part > 0) used += snprintf(out + used, size - (size_t)used, ".part_%d", s->part);
    snprintf(out + used, size - (size_t)used, ".busy");
}

typedef struct placed {
    weft_trace_server server;
    int number;
} placed;

/* Signals of a scope must follow each other. */
static int by_place(const void *a, const void *b) {
    const placed *x = a, *y = b;
    const int p[] = {x->server.terminal, x->server.kind, x->server.stage, x->server.copy, x->server.part, x->number};
    const int q[] = {y->server.terminal, y->server.kind, y->server.stage, y->server.copy, y->server.part, y->number};
    for (size_t i = 0; i < sizeof p / sizeof p[0]; i++)
        if (p[i] != q[i]) return p[i] < q[i] ? -1 : 1;
    return 0;
}

static weft_status add_terminal(weft_vcd *v, int terminal, const placed *servers, int count, weft_error *err) {
    const weft_trace_header *h = weft_trace_header_of(v->trace);
    char name[NAME_SIZE];
    for (int i = 0; i < count; i++) {
        server_name(name, sizeof name, h, &servers[i].server);
        WEFT_TRY(add_signal(v, name, BUSY, servers[i].number, BITS_BUSY, err));
    }
    terminal_name(name, sizeof name - 20, h, terminal);
    strcat(name, ".in_flight");
    return add_signal(v, name, IN_FLIGHT, terminal, BITS_PACKETS, err);
}

static weft_status add_links(weft_vcd *v, weft_error *err) {
    char name[64];
    for (int r = 0; r < v->chip->router_count; r++)
        for (int d = 0; d < 4; d++) {
            snprintf(name, sizeof name, "link_%d_%c.flits", r, "EWNS"[d]);
            WEFT_TRY(add_signal(v, name, LINK, 4 * r + d, BITS_FLITS, err));
        }
    return WEFT_OK;
}

static weft_status add_all(weft_vcd *v, placed *servers, weft_error *err) {
    const weft_trace_header *h = weft_trace_header_of(v->trace);
    for (int s = 0; s < h->server_count; s++) servers[s] = (placed){h->servers[s], s};
    if (h->server_count) qsort(servers, (size_t)h->server_count, sizeof *servers, by_place);
    for (int t = 0, begin = 0, end; t < h->terminals; t++, begin = end) {
        for (end = begin; end < h->server_count && servers[end].server.terminal == t;) end++;
        WEFT_TRY(add_terminal(v, t, servers + begin, end - begin, err));
    }
    WEFT_TRY(add_signal(v, "network.in_flight", NETWORK, 0, BITS_FLITS, err));
    return add_links(v, err);
}

/* Keeps the signals that some pattern fits. */
static weft_status choose(weft_vcd *v, char *patterns, weft_error *err) {
    bool *chosen = calloc(v->signal_count + 1, sizeof *chosen);
    weft_status status = chosen ? WEFT_OK : no_memory(err);
    for (char *at = patterns, *next; status == WEFT_OK && at; at = next) {
        next = strchr(at, ',');
        if (next) *next++ = '\0';
        size_t fits = 0;
        for (size_t i = 0; i < v->signal_count; i++)
            if (fnmatch(at, v->signals[i].name, 0) == 0) chosen[i] = true, fits++;
        if (!fits)
            status = weft_error_set(err, WEFT_E_INVALID, "no signal fits \"%.200s\"; 'list' prints the names", at);
    }
    size_t kept = 0;
    for (size_t i = 0; status == WEFT_OK && i < v->signal_count; i++)
        if (chosen[i]) v->signals[kept++] = v->signals[i];
    if (status == WEFT_OK) v->signal_count = kept;
    free(chosen);
    return status;
}

weft_status weft_vcd_create(weft_vcd **out, const weft_trace *trace, const weft_chip *chip, const char *patterns,
                            weft_error *err) {
    placed *servers = malloc(((size_t)weft_trace_header_of(trace)->server_count + 1) * sizeof *servers);
    weft_vcd *v = *out = calloc(1, sizeof *v);
    weft_status status = WEFT_OK;
    char *copy = NULL;
    if (v) v->arena = weft_arena_create();
    if (v && v->arena) copy = weft_arena_strdup(v->arena, patterns);
    if (!servers || !copy) WEFT_TRY_GOTO(no_memory(err));
    v->trace = trace;
    v->chip = chip;
    WEFT_TRY_GOTO(add_all(v, servers, err));
    WEFT_TRY_GOTO(choose(v, copy, err));
    while (v->link_begin < v->signal_count && v->signals[v->link_begin].kind != LINK) v->link_begin++;
cleanup:
    free(servers);
    if (status != WEFT_OK) {
        weft_vcd_destroy(v);
        *out = NULL;
    }
    return status;
}

void weft_vcd_destroy(weft_vcd *vcd) {
    if (!vcd) return;
    weft_arena_destroy(vcd->arena);
    free(vcd->signals);
    free(vcd->changes);
    free(vcd);
}

void weft_vcd_list(const weft_vcd *vcd, FILE *stream) {
    for (size_t i = 0; i < vcd->signal_count; i++) fprintf(stream, "%s\n", vcd->signals[i].name);
}

/* ---- changes ---- */

static void add_change(weft_vcd *v, uint64_t cycle, size_t signal, int64_t by) {
    vcd_change *changes = weft_trace_grow(v->changes, &v->change_room, v->change_count, sizeof *changes);
    if (!changes) {
        v->memory = true;
        return;
    }
    v->changes = changes;
    changes[v->change_count++] = (vcd_change){cycle, by, (uint32_t)signal};
}

void weft_vcd_step(void *state, const struct weft_noc *noc) {
    weft_vcd *v = state;
    for (size_t i = v->link_begin; i < v->signal_count; i++) {
        vcd_signal *s = &v->signals[i];
        const int64_t flits = (int64_t)weft_noc_link_flits(noc, s->index / 4, s->index % 4);
        if (flits == s->value) continue;
        add_change(v, weft_noc_cycle(noc), i, flits - s->value);
        s->value = flits;
    }
}

/* Signals by server and by terminal, -1: not chosen. */
typedef struct signal_index {
    int *server, *terminal;
    int network;
} signal_index;

static weft_status make_index(signal_index *index, const weft_vcd *v, weft_error *err) {
    const weft_trace_header *h = weft_trace_header_of(v->trace);
    const size_t servers = (size_t)h->server_count, terminals = (size_t)h->terminals;
    index->server = malloc((servers + terminals) * sizeof *index->server);
    if (!index->server) return no_memory(err);
    index->terminal = index->server + servers;
    index->network = -1;
    for (size_t i = 0; i < servers + terminals; i++) index->server[i] = -1;
    for (size_t i = 0; i < v->link_begin; i++) {
        const vcd_signal *s = &v->signals[i];
        if (s->kind == BUSY) index->server[s->index] = (int)i;
        if (s->kind == IN_FLIGHT) index->terminal[s->index] = (int)i;
        if (s->kind == NETWORK) index->network = (int)i;
    }
    return WEFT_OK;
}

static void add_span(weft_vcd *v, int signal, uint64_t begin, uint64_t end, int64_t by) {
    if (signal < 0 || begin == end) return;
    add_change(v, begin, (size_t)signal, by);
    add_change(v, end, (size_t)signal, -by);
}

static weft_status add_records(weft_vcd *v, const signal_index *index, const weft_times *times, weft_error *err) {
    weft_trace_cursor *cursor = NULL;
    weft_trace_record r;
    WEFT_TRY(weft_trace_cursor_create(&cursor, v->trace, err));
    while (weft_trace_next(cursor, &r)) {
        const uint64_t start = times->start[r.number], finish = times->finish[r.number];
        if (r.is_packet) {
            const weft_trace_packet *p = &r.packet;
            const int64_t bits = weft_replay_value_bits(v->chip, p->kind);
            const int64_t flits = bits ? weft_chip_flits(v->chip, p->values, bits) : p->values;
            add_span(v, index->terminal[p->source], start, finish, 1);
            add_span(v, index->network, start, finish, flits * p->target_count);
        } else {
            add_span(v, index->server[r.operation.server], start, times->free[r.number], 1);
        }
    }
    weft_trace_cursor_destroy(cursor);
    return v->memory ? no_memory(err) : WEFT_OK;
}

static int by_cycle(const void *a, const void *b) {
    const vcd_change *x = a, *y = b;
    if (x->cycle != y->cycle) return x->cycle < y->cycle ? -1 : 1;
    return (x->signal > y->signal) - (x->signal < y->signal);
}

/* ---- the file ---- */

/* Short names of printable characters. */
static void print_code(FILE *stream, size_t signal) {
    do fputc((int)('!' + signal % 94), stream);
    while (signal /= 94);
}

/* Length of what two names have in common, whole scopes only. */
static size_t common_scopes(const char *a, const char *b) {
    size_t common = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '.') common = i + 1;
    return common;
}

static void change_scope(FILE *stream, const char *from, const char *to) {
    const size_t common = common_scopes(from, to);
    for (const char *dot = strchr(from + common, '.'); dot; dot = strchr(dot + 1, '.'))
        fputs("$upscope $end\n", stream);
    const char *at = to + common;
    for (const char *dot; (dot = strchr(at, '.')); at = dot + 1)
        fprintf(stream, "$scope module %.*s $end\n", (int)(dot - at), at);
}

static void print_head(const weft_vcd *v, const char *timescale, FILE *stream) {
    const char *last = "";
    fprintf(stream, "$version weft $end\n$timescale 1 %s $end\n", timescale);
    for (size_t i = 0; i < v->signal_count; i++) {
        const vcd_signal *s = &v->signals[i];
        change_scope(stream, last, s->name);
        fprintf(stream, "$var %s %d ", s->bits == 1 ? "wire" : s->bits == 32 ? "integer" : "reg", s->bits);
        print_code(stream, i);
        fprintf(stream, " %s $end\n", strrchr(s->name, '.') + 1);
        last = s->name;
    }
    change_scope(stream, last, "");
    fputs("$enddefinitions $end\n", stream);
}

static void print_value(const weft_vcd *v, size_t signal, FILE *stream) {
    const uint64_t value = (uint64_t)v->signals[signal].value;
    if (v->signals[signal].bits == 1) {
        fputc(value ? '1' : '0', stream);
    } else {
        int bit = 63;
        while (bit > 0 && !(value >> bit & 1)) bit--;
        fputc('b', stream);
        for (; bit >= 0; bit--) fputc((int)('0' + (value >> bit & 1)), stream);
        fputc(' ', stream);
    }
    print_code(stream, signal);
    fputc('\n', stream);
}

static void print_changes(weft_vcd *v, uint64_t units, FILE *stream) {
    uint64_t told = 0; /* the last time printed; 0 was, with the first values */
    for (size_t i = 0; i < v->change_count;) {
        const vcd_change *c = &v->changes[i];
        int64_t by = 0;
        size_t end = i;
        for (; end < v->change_count && v->changes[end].cycle == c->cycle && v->changes[end].signal == c->signal; end++)
            by += v->changes[end].by;
        i = end;
        if (by == 0) continue;
        v->signals[c->signal].value += by;
        if (c->cycle != told) fprintf(stream, "#%" PRIu64 "\n", c->cycle * units);
        told = c->cycle;
        print_value(v, c->signal, stream);
    }
}

weft_status weft_vcd_write(weft_vcd *v, const weft_times *times, FILE *stream, weft_error *err) {
    signal_index index = {0};
    WEFT_TRY(make_index(&index, v, err));
    const weft_status status = add_records(v, &index, times, err);
    free(index.server);
    WEFT_TRY(status);
    if (v->change_count) qsort(v->changes, v->change_count, sizeof *v->changes, by_cycle);
    const double ps = v->chip->cycle_ns * 1e3;
    const bool whole = ps == floor(ps);
    print_head(v, whole ? "ps" : "fs", stream);
    fputs("#0\n$dumpvars\n", stream);
    for (size_t i = 0; i < v->signal_count; i++) {
        v->signals[i].value = 0;
        print_value(v, i, stream);
    }
    fputs("$end\n", stream);
    print_changes(v, (uint64_t)llround(whole ? ps : ps * 1e3), stream);
    return WEFT_OK;
}

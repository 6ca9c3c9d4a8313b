/* weft noc: the network of a chip by itself, under synthetic traffic or a list of packets. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file_kind.h"
#include "cli/noc.h"
#include "core/plot.h"
#include "core/schema.h"
#include "sim/noc/noc_chip.h"

#define CYCLES_MAX 1000000000000
#define CYCLES_DEFAULT 10000
#define WARMUP_DEFAULT 2000

static const weft_option noc_arguments[] = {
    {.name = "CHIP",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_noc_options, chip),
     .required = true,
     .complete = WEFT_COMPLETE_CHIP,
     .takes = WEFT_TAKES(CHIP),
     .help = "Chip file, or the name of an installed chip; noc-8x8 is a reference mesh"},
};
static const weft_option noc_table[] = {
    {.name = "traffic",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_noc_options, traffic),
     .value = "T",
     .reads = true,
     .complete = WEFT_COMPLETE_FILE,
     .help =
         "uniform (the default), transpose, bitcomp, tornado, neighbor, hotspot, or a file with lines \"time source "
         "target flits\", by time in cycles; nodes are the chip's cores, in a file the host comes behind the last"},
    {.name = "rate",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_noc_options, rate),
     .value = "R",
     .help = "Flits a node and cycle, above 0 to 1, for all but files; with --sweep the highest, default 1"},
    {.name = "packet-flits",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_noc_options, packet_flits),
     .value = "L",
     .default_count = 1,
     .min = 1,
     .max = WEFT_PACKET_FLITS_MAX,
     .help = "Flits of a packet; default 1"},
    {.name = "cycles",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_noc_options, cycles),
     .value = "N",
     .min = 1,
     .max = CYCLES_MAX,
     .help = "Measure the packets created in N cycles; default 10000, of a file all that follow the warm-up"},
    {.name = "warmup",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_noc_options, warmup),
     .value = "W",
     .default_count = UINT64_MAX,
     .help = "Cycles ahead of those; default 2000, of a file 0"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_noc_options, seed),
     .value = "S",
     .help = "Seed of the packets; default 0"},
    {.name = "hot-node",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_noc_options, hot_node),
     .value = "N",
     .default_count = UINT64_MAX,
     .help = "Node that hotspot traffic prefers, for that alone; default the one in the middle"},
    {.name = "hot-percent",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_noc_options, hot_percent),
     .value = "P",
     .default_count = WEFT_NOC_HOT_PERCENT,
     .max = 100,
     .help = "Share of hotspot traffic that goes there, the rest being uniform; default 10"},
    {.name = "sweep",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_noc_options, sweep),
     .help = "Measure a curve: rates in steps of a twentieth of the bound up to saturation, then between the last two "
             "to one per cent"},
    {.name = "csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_noc_options, csv),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write a line a rate"},
    {.name = "plot",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_noc_options, plot),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "With --sweep: draw latency and accepted rate over the offered rate, .svg or .png (needs gnuplot)"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_noc_options, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example noc.vcs=2; may be repeated"},
};

/* ---- options ---- */

static weft_status parse_rate(double *rate, const char *text, weft_error *err) {
    char *end;
    errno = 0;
    *rate = strtod(text, &end);
    if (*end == 0 && end != text && strspn(text, "0123456789.eE+-") == strlen(text) && *rate > 0 && *rate <= 1)
        return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE, "--rate: \"%.80s\" is not a number above 0 to 1", text);
}

/* A name, or else a file. */
static weft_status find_traffic(weft_noc_look *look, weft_error *err) {
    const char *text = look->options->traffic ? look->options->traffic : "uniform";
    for (int i = 0; weft_noc_pattern_names[i]; i++)
        if (!strcmp(text, weft_noc_pattern_names[i])) {
            look->measure.traffic.pattern = i;
            return WEFT_OK;
        }
    if (weft_path_exists(text)) {
        look->measure.traffic.list = &look->list;
        return WEFT_OK;
    }
    const char *nearest = weft_nearest_name(text, weft_noc_pattern_names);
    return weft_error_set(err, WEFT_E_USAGE,
                          "--traffic: \"%.200s\" is neither a file nor uniform, transpose, bitcomp, tornado, neighbor "
                          "or hotspot%s%s%s",
                          text, nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

static weft_status check_options(weft_noc_look *look, weft_error *err) {
    const weft_noc_options *o = look->options;
    weft_plot_format format;
    WEFT_TRY(find_traffic(look, err));
    bool file = look->measure.traffic.list != NULL;
    if (file && (o->rate || o->sweep))
        return weft_error_set(err, WEFT_E_USAGE, "--%s is for patterns; the file says when packets start",
                              o->sweep ? "sweep" : "rate");
    if (!file && !o->rate && !o->sweep) return weft_error_set(err, WEFT_E_USAGE, "--rate R is missing");
    if (o->warmup != UINT64_MAX && o->warmup > CYCLES_MAX)
        return weft_error_set(err, WEFT_E_USAGE, "--warmup: %llu is not in 0..%llu", (unsigned long long)o->warmup,
                              (unsigned long long)CYCLES_MAX);
    look->measure.traffic.rate = 1;
    if (o->rate) WEFT_TRY(parse_rate(&look->measure.traffic.rate, o->rate, err));
    if (o->plot && !o->sweep) return weft_error_set(err, WEFT_E_USAGE, "--plot draws the curve of --sweep");
    if (o->plot && !weft_plot_format_of(&format, o->plot))
        return weft_error_set(err, WEFT_E_USAGE, "--plot: \"%.200s\" ends neither in .svg nor in .png", o->plot);
    WEFT_TRY(weft_output_probe(o->csv, err));
    return weft_output_probe(o->plot, err);
}

/* ---- the run ---- */

static void show_progress(void *context, uint64_t cycle, uint64_t last) {
    const weft_noc_look *look = context;
    fprintf(look->session->err, "\r%scycle %llu of %llu\033[K", look->step,
            (unsigned long long)(cycle < last ? cycle : last), (unsigned long long)last);
    fflush(look->session->err);
}

weft_status weft_noc_look_add(weft_noc_look *look, double rate, weft_error *err) {
    weft_noc_point *grown = realloc(look->points, ((size_t)look->count + 1) * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the points of a curve");
    look->points = grown;
    grown[look->count].rate = look->measure.traffic.rate = rate;
    WEFT_TRY(weft_noc_measure(&grown[look->count].measured, &look->config, &look->measure, err));
    look->count++;
    return WEFT_OK;
}

/* The window of a file: from the warm-up to its last packet. */
static weft_status set_file_window(weft_noc_look *look, weft_error *err) {
    const weft_noc_options *o = look->options;
    weft_noc_measure_options *m = &look->measure;
    uint64_t last = look->list.items[look->list.count - 1].time;
    m->warmup = o->warmup == UINT64_MAX ? 0 : o->warmup;
    if (m->warmup > last)
        return weft_error_set_at(err, WEFT_E_INVALID, o->traffic, 0, 0,
                                 "no packet starts after the warm-up of %llu cycles; the last one starts at %llu",
                                 (unsigned long long)m->warmup, (unsigned long long)last);
    m->cycles = o->cycles ? o->cycles : last + 1 - m->warmup;
    return WEFT_OK;
}

static void tell_unused(const weft_noc_look *look) {
    const weft_noc_options *o = look->options;
    const weft_noc_traffic_options *t = &look->measure.traffic;
    if (o->common.quiet || (!t->list && t->pattern == WEFT_NOC_HOTSPOT)) return;
    if (o->hot_node != UINT64_MAX)
        fputs("weft: note: --hot-node is for --traffic hotspot; here it has no effect\n", look->session->err);
    if (o->hot_percent != WEFT_NOC_HOT_PERCENT)
        fputs("weft: note: --hot-percent is for --traffic hotspot; here it has no effect\n", look->session->err);
}

static weft_status set_up(weft_noc_look *look, weft_error *err) {
    const weft_noc_options *o = look->options;
    weft_noc_traffic_options *t = &look->measure.traffic;
    const weft_chip *chip = look->chip;
    if (t->list) {
        WEFT_TRY(weft_packet_list_read(&look->list, o->traffic, chip->core_count + 1, err));
        WEFT_TRY(set_file_window(look, err));
    } else {
        look->measure.cycles = o->cycles ? o->cycles : CYCLES_DEFAULT;
        look->measure.warmup = o->warmup == UINT64_MAX ? WARMUP_DEFAULT : o->warmup;
    }
    WEFT_TRY(weft_noc_config_of_chip(&look->config, chip, chip->core_count + (t->list != NULL), err));
    t->packet_flits = (int)o->packet_flits;
    t->seed = o->seed;
    uint64_t hot = o->hot_node == UINT64_MAX ? (uint64_t)weft_noc_middle_node(chip) : o->hot_node;
    if (hot >= (uint64_t)chip->core_count)
        return weft_error_set(err, WEFT_E_USAGE, "--hot-node: %llu; %s has %d nodes, from 0", (unsigned long long)hot,
                              chip->name, chip->core_count);
    t->hot_node = (int)hot;
    t->hot_share = (double)o->hot_percent / 100;
    look->measure.stop = weft_stop_install();
    look->measure.context = look;
    if (look->session->terminal && !o->common.quiet) look->measure.progress = show_progress;
    return WEFT_OK;
}

static void clear_progress(const weft_noc_look *look) {
    if (!look->measure.progress) return;
    fputs("\r\033[K", look->session->err);
    fflush(look->session->err);
}

static weft_status measure(weft_noc_look *look, weft_error *err) {
    look->step = "";
    weft_status status =
        look->options->sweep ? weft_noc_sweep(look, err) : weft_noc_look_add(look, look->measure.traffic.rate, err);
    clear_progress(look);
    return status;
}

static weft_status write(const weft_noc_look *look, weft_error *err) {
    const weft_noc_options *o = look->options;
    bool drawn = true;
    if (o->csv) WEFT_TRY(weft_noc_write_csv(look, err));
    if (o->plot) WEFT_TRY(weft_noc_draw(look, &drawn, err));
    if (o->common.json) WEFT_TRY(weft_noc_write_json(look, err));
    if (!drawn && !o->common.quiet) fputs("no plot: gnuplot is missing or failed\n", look->session->err);
    weft_noc_print(look, look->session->out);
    return WEFT_OK;
}

/* Of the network's keys: the others mean nothing here anyway. */
static void tell(void *context, const char *text) {
    if (!strncmp(text, "noc.", 4)) fprintf(context, "weft: note: %s\n", text);
}

static weft_status noc_run(const void *options, const weft_console *session, weft_error *err) {
    const weft_noc_options *o = options;
    weft_noc_look look = {.options = o, .session = session, .saturation = NAN};
    weft_status status;
    WEFT_TRY_GOTO(check_options(&look, err));
    WEFT_TRY_GOTO(weft_chip_load(&look.chip, o->chip, o->set.items, o->set.count, err));
    if (!o->common.quiet) weft_chip_unused(look.chip, tell, session->err);
    WEFT_TRY_GOTO(set_up(&look, err));
    tell_unused(&look);
    WEFT_TRY_GOTO(measure(&look, err));
    WEFT_TRY_GOTO(write(&look, err));
cleanup:
    free((int *)look.config.terminal_router);
    free(look.points);
    weft_packet_list_destroy(&look.list);
    weft_chip_destroy(look.chip);
    return status;
}

const weft_command weft_command_noc = {
    .name = "noc",
    .summary = "Measure a chip's network by itself: latency and throughput under traffic",
    .description =
        "Steps the routers of a chip cycle by cycle under a synthetic pattern or a list of packets, and prints the "
        "latency of the packets created in the measured window (creation to tail, source queue included; and from the "
        "head's leaving that queue), the rate that is accepted, and how close both are to their closed forms: the idle "
        "network, the load of the busiest channel, its credits. Every node begins a packet in a cycle with probability "
        "rate / packet-flits. A run is saturated when it has no steady state: the rate is above the bounds, or the "
        "flits in queues and network grow over the window by more than 1 % of those created and more than chance, or "
        "packets wait the longer the later they were created, or have not arrived long after the window.\n"
        "Each run is checked: flits in are flits out and inside, packets alone in the network take exactly the closed "
        "form, none is faster, no link carries more than it can. A failed check, and a network in which packets wait "
        "for each other for ever, are errors. Same seed, same packets: they do not depend on the network.",
    .examples = "  weft noc noc-8x8 --traffic uniform --rate 0.3 --packet-flits 8\n"
                "  weft noc noc-8x8 --traffic transpose --rate 0.1 --set noc.vcs=1 --set noc.buffer_flits=4 --json -\n"
                "  weft noc noc-8x8 --sweep --set noc.speculative=true --csv curve.csv --plot curve.svg\n"
                "  weft noc isaac-ce --traffic packets.txt\n",
    .arguments = noc_arguments,
    .argument_count = (int)(sizeof noc_arguments / sizeof noc_arguments[0]),
    .options = noc_table,
    .option_count = (int)(sizeof noc_table / sizeof noc_table[0]),
    .size = sizeof(weft_noc_options),
    .run = noc_run,
};

/* Inside the report: everything that its files show, derived once. collect asks engine and traffic for event counts;
 * derive does all arithmetic on them, so a test can fill the counts by hand. */
#ifndef WEFT_SIM_REPORT_TABLES_H
#define WEFT_SIM_REPORT_TABLES_H

#include "sim/report/json.h"
#include "sim/report/report.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_REPORT_CHECKS_MAX 24

/* One stage, or what the host's input causes. Per image. */
typedef struct weft_report_layer {
    const char *name;
    int copies, tiles, cores; /* tiles: of all copies; 0 for a digital stage */
    int64_t positions;        /* vectors that go through the matrix, or a digital stage's input positions */
    uint64_t macs;
    double cell_utilisation_percent; /* cells that hold weights / cells of its arrays, over all copies */
    weft_engine_stage_info info;
    weft_event_counts counts;
    double component_pj[WEFT_EVENT_COUNT]; /* by component, see weft_report_tables */
    double energy_pj;                      /* dynamic */
    double busy_ns;                        /* NaN without timed images */
} weft_report_layer;

/* left relation right, with what each side is. */
typedef struct weft_report_check {
    const char *name;
    bool known, passed;
    double left, right;
    const char *left_is, *relation, *right_is; /* relation: "=", "<=", ">=" */
} weft_report_check;

/* Packets of the run, sent one by one through an idle network. */
typedef struct weft_report_probes {
    int count, differing;              /* of them, not as the closed form says */
    uint64_t cycles, zero_load_cycles; /* sums: creation to tail; closed forms */
    bool exact;                        /* else the closed form is a lower bound */
} weft_report_probes;

typedef struct weft_report_tables {
    const weft_report_input *input;
    /* Collected. */
    int stage_count;
    weft_report_layer *layers; /* [stage_count + 1], the last is the host's input */
    weft_traffic_totals traffic;
    uint64_t copied_flits; /* of an image, made where trees branch: all that arrive but one terminal's */
    weft_report_probes probes;
    uint64_t port_flits;  /* of an image, through the busiest terminal's port, one direction */
    double *link_share;   /* [router_count * 4] of one chip: flits a cycle that each link can carry */
    int *core_arrays;     /* [core_count] arrays in use, in the part that uses most */
    int *core_blocks;     /* [core_count] output blocks, of all parts */
    int *part_arrays;     /* [core_count] scratch of collect */
    int64_t *core_buffer; /* [core_count] bytes that the mapping needs, in the part that needs most */
    /* Derived. */
    weft_event_counts counts;
    double event_pj[WEFT_EVENT_COUNT];
    int component_count;
    const char *component[WEFT_EVENT_COUNT]; /* in the order of WEFT_EVENT_TABLE */
    double component_pj[WEFT_EVENT_COUNT];
    double static_core_mw, static_router_mw, static_chip_mw; /* of all cores, all routers, the rest; all chips */
    uint64_t macs;
    double tops_per_watt; /* 2 operations a multiply-accumulate; NaN without timed images */
    double static_core_pj, static_router_pj, static_chip_pj; /* per image; NaN without timed images */
    weft_resource *resources;                                /* [resource_count], the most used first */
    int resource_count;
    int check_count;
    weft_report_check checks[WEFT_REPORT_CHECKS_MAX];
    weft_report_figures figures;
} weft_report_tables;

/* Zeroed tables with their arrays for input; MEMORY. Release with weft_report_tables_free, also after a failure. */
weft_status weft_report_tables_alloc(weft_report_tables *tables, const weft_report_input *input, weft_error *err);
void weft_report_tables_free(weft_report_tables *tables);
weft_status weft_report_collect(weft_report_tables *tables, weft_error *err); /* MEMORY */
void weft_report_derive(weft_report_tables *tables);
/* Parts of it. */
void weft_report_derive_time(weft_report_tables *tables);
void weft_report_derive_checks(weft_report_tables *tables);
/* Energy is counts x cost, here and nowhere else: adds that of counts by component and returns their sum, pJ. */
double weft_report_energy(const weft_report_tables *tables, const weft_event_counts *counts,
                          double component_pj[WEFT_EVENT_COUNT]);
/* The part of collecting that is about the network. */
weft_status weft_report_collect_network(weft_report_tables *tables, weft_error *err);
/* Of timed images. */
weft_run weft_report_run(const weft_report_tables *tables);
/* Timed images there are. */
bool weft_report_is_timed(const weft_report_tables *tables);
/* Cycles of bin b that lie within the run; its power by component, mW, and their sum. */
uint64_t weft_report_bin_cycles(const weft_timing *timing, int b);
double weft_report_bin_power(const weft_report_tables *tables, int b, double component_mw[WEFT_EVENT_COUNT]);
/* Share of the run, 0..1, that those of stage s who may wait for kind (weft_stall) did, in the mean; NaN: nobody there,
 * or not known. */
double weft_report_stall(const weft_report_tables *tables, int s, int kind);
/* What a replay without the resource found; NULL where there was none. */
const weft_report_without *weft_report_without_of(const weft_report_tables *tables, const weft_resource *resource);
/* The resource without which the chip would gain most, where that was measured; else the most used one. NULL: none. */
const weft_resource *weft_report_critical(const weft_report_tables *tables);
/* "conv", "dense", "digital". */
const char *weft_report_kind(const weft_stage *stage);
/* What is known of the arrays of stage s; NULL: nothing, or it has none. */
const weft_engine_stage_statistics *weft_report_statistics(const weft_report_input *input, int s);
/* Share of the conversions that were clipped, NaN without any. */
double weft_report_clipped_percent(const weft_engine_stage_statistics *statistics);
/* At least 1. */
int weft_report_trials(const weft_report_input *input);
double weft_report_trial_percent(const weft_report_input *input, int trial);
/* A core that has arrays in use or sums and digital operations to do. */
bool weft_report_core_used(const weft_report_tables *tables, int core);
/* Index of the component of an event. */
int weft_report_component(const weft_report_tables *tables, int event);

/* The files. Each writes one stream; errors of writing show at the stream. */
void weft_report_json(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_layers(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_energy(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_cores(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_links(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_power(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_resources(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_confusion(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_trials(const weft_report_tables *tables, FILE *stream);
void weft_report_csv_histograms(const weft_report_tables *tables, FILE *stream);

enum {
    WEFT_FIGURE_ENERGY,
    WEFT_FIGURE_LAYERS,
    WEFT_FIGURE_IMAGES,
    WEFT_FIGURE_POWER,
    WEFT_FIGURE_LINKS,
    WEFT_FIGURE_CONFUSION,
    WEFT_FIGURE_COUNT
};
typedef struct weft_report_svg {
    char *text[WEFT_FIGURE_COUNT]; /* malloc'd; NULL where there is nothing to draw or no gnuplot */
    bool gnuplot;                  /* gnuplot ran */
} weft_report_svg;
/* Draws what the tables allow. folder: for gnuplot's script, removed again. Errors: IO, MEMORY. */
weft_status weft_report_draw(weft_report_svg *out, const weft_report_tables *tables, const char *folder,
                             weft_error *err);
void weft_report_svg_free(weft_report_svg *svg);
void weft_report_html(const weft_report_tables *tables, const weft_report_svg *svg, FILE *stream);
/* Sections of a timed run: latency, pace, resources, waits; and the checks. */
void weft_report_html_time(const weft_report_tables *tables, FILE *stream);
void weft_report_html_resources(const weft_report_tables *tables, FILE *stream);
void weft_report_html_stalls(const weft_report_tables *tables, FILE *stream);
void weft_report_html_checks(const weft_report_tables *tables, FILE *stream);
/* Members "timing", "power_over_time", "resources", "critical" and "checks", "self_checks". */
void weft_report_json_time(const weft_report_tables *tables, weft_json *json);
/* Member "stalls" of layer s. */
void weft_report_json_stalls(const weft_report_tables *tables, weft_json *json, int s);
void weft_report_json_checks(const weft_report_tables *tables, weft_json *json);
/* On the terminal: latency to power; what holds the chip up; the checks. */
void weft_report_print_time(const weft_report_tables *tables, FILE *stream);
/* "conv3's arrays: 98 % busy; without them 1.42 x faster (then the host link)"; "nothing by itself; " ahead where that
 * would change nothing; "" where no resource was busy. */
void weft_report_critical_text(char *out, size_t out_size, const weft_report_tables *tables);
void weft_report_print_critical(const weft_report_tables *tables, FILE *stream);
/* The longest wait of each kind, where it is worth a word. */
void weft_report_print_stalls(const weft_report_tables *tables, FILE *stream);
void weft_report_print_checks(const weft_report_tables *tables, FILE *stream);
/* Fields of a CSV line, each with a comma ahead: a number, empty for NaN, and for
 * all events their counts, NULL: empty. */
void weft_report_csv_number(FILE *stream, double value);
void weft_report_csv_counts(FILE *stream, const weft_event_counts *counts);
void weft_report_csv_event_names(FILE *stream); /* of these counts */
/* The sections on programmed chips and their arrays. */
void weft_report_html_arrays(const weft_report_tables *tables, FILE *stream);
/* The terminal table. */
void weft_report_print_tables(const weft_report_tables *tables, FILE *stream);
/* Of it, programmed chips and their arrays. */
void weft_report_print_arrays(const weft_report_input *input, const weft_report_figures *figures, FILE *stream);
extern const char weft_report_style[]; /* of the pages */
/* A value with SI prefix, or a dash. */
void weft_report_html_scaled(FILE *stream, double value, const char *unit, int exponent);

/* "1.23 us": a value with the SI prefix that leaves 1 to 3 digits before the point; "-" for NaN. micro: "u" or its sign
 * in UTF-8. */
void weft_report_scaled(char *out, size_t out_size, double value, const char *unit, int exponent, const char *micro);

#ifdef __cplusplus
}
#endif
#endif

/* Reports of a simulation: report.json, CSVs and report.html from one struct of results. Energy is counts x cost,
 * multiplied here and only here. Nothing that changes from run to run (time, host, threads) goes into a file: same
 * seed, same bytes. */
#ifndef WEFT_SIM_REPORT_REPORT_H
#define WEFT_SIM_REPORT_REPORT_H

#include "sim/model/engine.h"
#include "sim/report/resources.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_report_timed {
    const weft_timing *timing;
    const weft_stalls *stalls;         /* [stages]; NULL: not known */
    size_t outputs, outputs_identical; /* values that arrived at the host; those equal to the functional engine's */
    const char *systemc_version;
    const weft_report_without *without; /* what resources are worth, measured by replays; the most used one first */
    int without_count;                  /* 0: not measured */
} weft_report_timed;

typedef struct weft_report_input {
    const weft_chip *chip;
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_engine *engine;
    const weft_traffic *traffic;
    const char *network_name, *dataset, *transform; /* transform: canonical chain, "as deployed" */
    size_t images, correct;
    size_t recalibrate; /* images used on chip, 0 none */
    uint64_t seed;
    uint64_t draw;                /* number of the transform's draw */
    const char *const *overrides; /* --set of the chip, override_count of them */
    int override_count;
    const uint32_t *confusion;      /* [classes, classes], rows true, columns predicted */
    const weft_report_timed *timed; /* NULL: no timed images */
    int trials;                     /* programmed chips; 0 as 1. Everything else here is the first one's */
    const size_t *trial_correct;    /* [trials], of `images` each; NULL for one trial */
    const weft_engine_stage_statistics *statistics; /* [stages]; NULL: none */
    size_t statistics_images;
} weft_report_input;

/* Derived figures, for the terminal table and for tests. */
typedef struct weft_report_figures {
    double accuracy_percent;                            /* of the first trial */
    double accuracy_low_percent, accuracy_high_percent; /* 95 % interval over chips and images: weft_error_interval */
    double trials_mean_percent, trials_std_percent, trials_worst_percent; /* accuracy over trials; std 0 for one */
    weft_program_cost programming;
    /* NaN without timed images. Of the first image, nothing ahead of it; mean over the images of the steady state. */
    double latency_ns, latency_steady_ns;
    double throughput_images_per_s; /* of the steady state; one timed image: 1 / its latency */
    double energy_total_pj, energy_dynamic_pj, energy_static_pj; /* per image */
    double power_mw;                                             /* at that throughput */
    int cores_used, arrays_used;
    double interval_ns, interval_std_ns; /* between images of the steady state; NaN with fewer than two, or three */
    size_t warmup_images;                /* ahead of the steady state */
    int checks_known, checks_passed;
    const char *failed_check; /* name of the first self-check that failed, NULL when none did; constant text */
} weft_report_figures;

/* Writes report.json, layers.csv, energy.csv, cores.csv, links.csv, power.csv, resources.csv, confusion.csv,
 * trials.csv, histograms.csv, report.html (figures drawn by gnuplot as SVG, inlined; a sentence instead where gnuplot
 * is missing) into folder, which is created. Each file atomically; report.html and report.json
 * of an earlier run go first and come last.
 *
 * Of timed images: latency of the first and in the steady state; throughput from the steady state, whose warm-up is
 * found by weft_timing_steady; checks with both sides of each; resources by use, those measured with what the chip
 * would gain without them; of every layer what its arrays and blocks waited for, as cycles and as the share of the run
 * (a mean over those who wait); power over time. Energy of a run is its counts x cost by layer, by core and over time,
 * each with its counts.
 *
 * Of several chips: accuracy_percent, confusion and layers are the first one's; trials has count, mean_percent,
 * std_percent (sample standard deviation, null for one), worst_percent and every trial's accuracy_percent;
 * accuracy_low_percent and accuracy_high_percent bound the expected accuracy. programming: cells, arrays, time_ns,
 * energy_pj of writing the mapping once. With statistics, each layer with a matrix has results_exact (every result is
 * the integer product), signal_to_noise_db (null where exact), conversions_per_image, adc_clipped_percent of them and
 * adc_utilisation_percent (largest code seen / largest there is); without, they are null. histograms.csv: column sums
 * over the range of their converter, by layer. */
weft_status weft_report_write(const weft_report_input *input, const char *folder, weft_report_figures *figures,
                              weft_error *err);
/* The figures alone, without files. MEMORY. */
weft_status weft_report_figures_find(weft_report_figures *figures, const weft_report_input *input, weft_error *err);
/* The text of report.json on a stream. Errors: MEMORY; write errors show at the stream. */
weft_status weft_report_print_json(const weft_report_input *input, FILE *stream, weft_error *err);
/* The terminal table. Errors: MEMORY. */
weft_status weft_report_print(const weft_report_input *input, FILE *stream, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif

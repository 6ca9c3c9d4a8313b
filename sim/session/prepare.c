/* The inputs of a simulation. */
#include <stdio.h>
#include <stdlib.h>

#include "core/training.h"
#include "sim/session/session_internal.h"

#define TIMED_IMAGES 4        /* by default */
#define STATISTICS_IMAGES 100 /* by default, where arrays are not ideal */

static void tell(void *context, const char *text) {
    const weft_sim *sim = context;
    if (sim->note) sim->note(sim->context, text);
}

/* More than there is of something was asked for. */
static size_t cut(weft_sim *sim, const char *option, size_t asked, bool explicit) {
    char text[128];
    if (asked <= sim->images) return asked;
    snprintf(text, sizeof text, "%s %zu: all %zu images are taken, there are no more", option, asked, sim->images);
    if (explicit) tell(sim, text);
    return sim->images;
}

static weft_status load_chip(weft_sim *sim, weft_error *err) {
    bool changed = false;
    if (sim->chip) return WEFT_OK;
    WEFT_TRY(weft_mapped_settings(&sim->settings, sim->mapping, &sim->options->set, err));
    WEFT_TRY(weft_mapped_chip(&sim->chip, &changed, sim->mapping, &sim->settings, err));
    if (changed) tell(sim, "the chip differs from the one that the mapping was made for (--set)");
    weft_chip_unused(sim->chip, tell, sim);
    return WEFT_OK;
}

static weft_status load_network(weft_sim *sim, weft_error *err) {
    const weft_sim_spec *o = sim->options;
    weft_transform_chain chain;
    if (sim->stages) return WEFT_OK;
    WEFT_TRY(weft_chain_from_texts(&chain, &o->transforms, err));
    weft_chain_text(sim->transform, sizeof sim->transform, &chain, o->transforms.count > 0);
    if (!sim->net) WEFT_TRY(weft_mapped_network(&sim->net, sim->mapping, err));
    WEFT_TRY(weft_network_distort(sim->net, o->transforms.count ? &chain : NULL, o->seed, o->draw, err));
    return weft_lower(&sim->stages, sim->net, err);
}

/* Cells and converters that do nothing but what the integers say (but for the converters' resolution). */
static bool ideal_arrays(const weft_chip *chip) {
    return chip->ideal_cells && chip->adc.kind == WEFT_ADC_IDEAL && chip->adc.range != WEFT_ADC_CALIBRATED &&
           chip->adc.offset_lsb == 0 && chip->adc.gain_sigma == 0;
}

static weft_status load_images(weft_sim *sim, weft_error *err) {
    const weft_sim_spec *o = sim->options;
    if (!sim->test) WEFT_TRY(weft_dataset_open(&sim->test, o->dataset, WEFT_SPLIT_TEST, err));
    WEFT_TRY(weft_network_check_dataset(sim->net, sim->test, err));
    WEFT_TRY(weft_network_bind_named(sim->net, o->dataset, err));
    if (o->images > sim->test->count)
        return weft_error_set(err, WEFT_E_INVALID, "--images %llu: data set %.200s has %zu test images",
                              (unsigned long long)o->images, o->dataset, sim->test->count);
    sim->images = o->images ? (size_t)o->images : sim->test->count;
    sim->timed_images = cut(sim, "--timed-images", sim->timed_images, o->timed_images != WEFT_SIM_ABSENT);
    sim->statistics_images = ideal_arrays(sim->chip) ? 0 : STATISTICS_IMAGES;
    if (o->statistics != WEFT_SIM_ABSENT) sim->statistics_images = (size_t)o->statistics;
    sim->statistics_images = cut(sim, "--statistics", sim->statistics_images, o->statistics != WEFT_SIM_ABSENT);
    return o->trials > 1 ? weft_dataset_prepare(sim->test, &sim->net->preprocess, err) : WEFT_OK;
}

/* Repeating the timed run without a resource takes about a seventh of its time, and its trace lies in memory. */
static int default_without(const weft_sim *sim) {
    if (sim->mapping->chips > 1 || sim->timed_images > 100) return 0;
    return sim->timed_images > 8 ? 1 : 3;
}

/* How many timed images are wanted. A run on several chips cannot be recorded. */
static weft_status choose_timed(weft_sim *sim, weft_error *err) {
    const weft_sim_spec *o = sim->options;
    if (o->functional) return WEFT_OK; /* check_usage has seen the other options */
    sim->timed_images = o->timed_images != WEFT_SIM_ABSENT ? (size_t)o->timed_images : TIMED_IMAGES;
    if (o->record && sim->mapping->chips > 1)
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "--record: the mapping is for %d chips; only the run of one chip can be recorded",
                              sim->mapping->chips);
    sim->without = o->without != WEFT_SIM_ABSENT ? (int)o->without : default_without(sim);
    if (sim->without == 0 || sim->mapping->chips == 1 || o->without == WEFT_SIM_ABSENT) return WEFT_OK;
    return weft_error_set(err, WEFT_E_UNSUPPORTED,
                          "--without %d: the mapping is for %d chips; only the run of one chip can be repeated",
                          sim->without, sim->mapping->chips);
}

/* Chips that differ: something is drawn when they are programmed or read. */
static bool is_random(const weft_chip *chip) {
    return weft_transform_chain_is_stochastic(&chip->program) || chip->device.program_table[0] ||
           chip->has_read_noise || chip->adc.offset_lsb > 0 || chip->adc.gain_sigma > 0 || chip->adc.mismatch > 0;
}

/* Options that exclude each other. */
static weft_status check_usage(const weft_sim_spec *o, weft_error *err) {
    const bool timed = o->timed_images != WEFT_SIM_ABSENT && o->timed_images > 0;
    if (o->functional && timed)
        return weft_error_set(err, WEFT_E_USAGE, "--functional times no images, and --timed-images is %llu",
                              (unsigned long long)o->timed_images);
    if (o->record && o->functional)
        return weft_error_set(err, WEFT_E_USAGE, "--record needs timed images, and --functional times none");
    if (o->without != WEFT_SIM_ABSENT && o->without && (o->functional || o->timed_images == 0))
        return weft_error_set(err, WEFT_E_USAGE, "--without needs timed images, and %s",
                              o->functional ? "--functional times none" : "--timed-images is 0");
    if (o->record && o->timed_images == 0)
        return weft_error_set(err, WEFT_E_USAGE, "--record needs timed images, and --timed-images is 0");
    return WEFT_OK;
}

static weft_status read_training(weft_sim *sim, size_t count, weft_error *err) {
    weft_dataset *train = sim->train;
    if (!train) WEFT_TRY(weft_dataset_open(&train, sim->options->dataset, WEFT_SPLIT_TRAIN, err));
    if (sim->keep_train) sim->train = train;
    sim->training_count = count;
    const weft_status status =
        weft_training_images_of(&sim->training, &sim->training_count, sim->net, train, "--recalibrate", err);
    if (train != sim->train) weft_dataset_destroy(train);
    return status;
}

/* Input ranges where they are unknown; with --recalibrate, ranges, scale and offset; the converters' ranges where the
 * chip file leaves them to calibration. */
static weft_status load_training(weft_sim *sim, weft_error *err) {
    const size_t count = sim->recalibrate;
    if (sim->chip->adc.range == WEFT_ADC_CALIBRATED) sim->calibrate |= WEFT_CALIBRATE_ADC;
    if (count) sim->calibrate |= WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE;
    if (!weft_engine_has_ranges(sim->engine)) sim->calibrate |= WEFT_CALIBRATE_RANGES;
    if (!sim->calibrate) return WEFT_OK;
    if (!sim->training) WEFT_TRY(read_training(sim, count, err));
    if (count) sim->recalibrate = sim->training_count;
    return WEFT_OK;
}

weft_status weft_sim_open(weft_sim *sim, weft_error *err) {
    const weft_sim_spec *o = sim->options;
    sim->trials = (int)o->trials;
    WEFT_TRY(weft_recalibrate_parse(&sim->recalibrate, o->recalibrate, err));
    WEFT_TRY(check_usage(o, err));
    WEFT_TRY(weft_output_probe(o->record, err));
    if (!sim->mapping) WEFT_TRY(weft_mapping_read(&sim->mapping, o->mapping, err));
    WEFT_TRY(choose_timed(sim, err));
    return load_chip(sim, err);
}

/* The first chip: programmed, or as it was then. */
static weft_status load_engine(weft_sim *sim, weft_error *err) {
    const weft_engine_trial trial = {.seed = sim->options->seed};
    if (sim->engine_count < sim->trials) {
        weft_engine **grown = realloc(sim->engines, (size_t)sim->trials * sizeof *grown);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d chips", sim->trials);
        for (int t = sim->engine_count; t < sim->trials; t++) grown[t] = NULL;
        sim->engines = grown;
        sim->engine_count = sim->trials;
    }
    if (sim->engines[0])
        WEFT_TRY(weft_engine_reset(sim->engines[0], err));
    else
        WEFT_TRY(weft_engine_create_trial(&sim->engines[0], sim->chip, sim->mapping, sim->stages, &trial, err));
    sim->engine = sim->engines[0];
    return WEFT_OK;
}

weft_status weft_sim_prepare(weft_sim *sim, weft_error *err) {
    if (sim->trials > 1 && !is_random(sim->chip))
        tell(sim, "the chip file has no errors that are drawn: all trials are alike");
    WEFT_TRY(load_network(sim, err));
    WEFT_TRY(weft_mapping_check(sim->mapping, sim->stages, sim->chip, err));
    WEFT_TRY(load_images(sim, err));
    WEFT_TRY(load_engine(sim, err));
    WEFT_TRY(load_training(sim, err));
    if (sim->traffic) return WEFT_OK;
    return weft_traffic_create(&sim->traffic, sim->mapping, sim->stages, sim->chip, err);
}

void weft_sim_close(weft_sim *sim) {
    free(sim->confusion);
    free(sim->timed_logits);
    free(sim->correct);
    free(sim->statistics);
    free(sim->training);
    free(sim->settings.items);
    weft_traffic_destroy(sim->traffic);
    for (int t = 0; t < sim->engine_count; t++) weft_engine_destroy(sim->engines[t]);
    free(sim->engines);
    weft_dataset_destroy(sim->test);
    weft_dataset_destroy(sim->train);
    weft_stages_destroy(sim->stages);
    weft_network_destroy(sim->net);
    weft_chip_destroy(sim->chip);
    weft_mapping_destroy(sim->mapping);
}

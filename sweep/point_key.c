/* What decides results, as hashes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/spike_coding.h"
#include "core/training.h"
#include "sweep/point_internal.h"

static void fact(const weft_facts *facts, const char *name, int64_t value) {
    fprintf(facts->stream, "%s %" PRId64 "\n", name, value);
}

/* ---- what the kinds use ---- */

static bool uses_net(const weft_point *point) {
    return point->settings.kind == WEFT_POINT_SIM || point->settings.kind == WEFT_POINT_EVAL;
}

static bool uses_chip(const weft_point *point) { return point->settings.kind != WEFT_POINT_EVAL; }

const char *weft_point_net_path(const weft_experiment *experiment, const weft_point *point) {
    return point->net >= 0 ? experiment->nets[point->net].path : "";
}

weft_status weft_point_hashes(const char **net, const char **chip, weft_point_keys *keys, const weft_point *point,
                              weft_error *err) {
    *net = *chip = "";
    if (uses_chip(point)) {
        WEFT_TRY(weft_point_chip_hash(keys, point, err));
        *chip = keys->chip_hash.hex;
    }
    return uses_net(point) ? weft_point_file_hash(net, keys, weft_point_net_path(keys->experiment, point), err)
                           : WEFT_OK;
}

weft_status weft_point_transform(char *out, size_t size, const weft_point *point, weft_error *err) {
    weft_transform_chain chain = {0};
    out[0] = '\0';
    if (!point->settings.transform[0]) return WEFT_OK;
    WEFT_TRY(weft_transform_chain_parse(&chain, point->settings.transform, err));
    weft_transform_chain_format(&chain, out, size);
    return WEFT_OK;
}

static weft_status images_facts(const weft_facts *f, weft_point_keys *keys, const weft_point *point, weft_error *err) {
    const weft_point_settings *s = &point->settings;
    char transform[1024];
    size_t recalibrate;
    const char *hex;
    WEFT_TRY(weft_recalibrate_parse(&recalibrate, s->recalibrate, err));
    WEFT_TRY(weft_point_transform(transform, sizeof transform, point, err));
    if (point->spikes[0]) {
        WEFT_TRY(weft_point_file_hash(&hex, keys, point->spikes, err));
        weft_facts_text(f, "spikes", hex);
    } else {
        WEFT_TRY(weft_point_dataset_hash(&hex, keys, point->dataset, err));
        weft_facts_text(f, "dataset", s->dataset);
        weft_facts_text(f, "files", hex);
    }
    weft_facts_text(f, "transform", transform);
    fact(f, "images", s->images);
    fact(f, "trials", s->trials);
    fact(f, "seed", s->seed);
    fprintf(f->stream, "recalibrate %zu\n", recalibrate);
    return WEFT_OK;
}

static void map_facts(const weft_facts *f, const weft_point_settings *s) {
    fact(f, "objective", s->map.objective);
    weft_facts_text(f, "placer", s->map.placer);
    fact(f, "replicate", s->map.replicate);
    fact(f, "arrays", s->map.arrays);
    fact(f, "parts", s->map.parts);
    fact(f, "chips", s->map.chips);
    fact(f, "map seed", s->map.seed);
}

static void spiking_map_facts(const weft_facts *f, const weft_point_settings *s) {
    fact(f, "objective", s->map.objective);
    weft_facts_text(f, "placer", s->map.placer);
    fact(f, "map seed", s->map.seed);
    fprintf(f->stream, "dt %.17g\n", s->dt);
    fact(f, "integration", s->integration);
    fact(f, "reset", s->reset);
    fact(f, "round", s->round);
}

/* How images become spikes. */
static void coding_facts(const weft_facts *f, const weft_point_settings *s) {
    fact(f, "coding", s->coding);
    if (s->coding != WEFT_CODING_SACCADES) fact(f, "ticks", s->ticks);
    if (s->coding <= WEFT_CODING_REGULAR) fprintf(f->stream, "rate %.17g\n", s->rate);
    weft_facts_text(f, "output", s->output);
    fact(f, "classes", s->classes);
}

/* A chip's kind decides which of these a key has. */
static void sim_facts(const weft_facts *f, const weft_point *point) {
    const weft_point_settings *s = &point->settings;
    if (point->spiking)
        spiking_map_facts(f, s);
    else
        map_facts(f, s);
    if (point->spiking == WEFT_POINT_SPIKES) coding_facts(f, s);
    fact(f, "timed images", s->timed_images);
}

static void traffic_facts(const weft_facts *f, const weft_point_settings *s) {
    fact(f, "pattern", s->traffic.pattern);
    fprintf(f->stream, "rate %.17g\n", s->traffic.rate);
    fact(f, "packet flits", s->traffic.packet_flits);
    fact(f, "cycles", s->traffic.cycles);
    fact(f, "warmup", s->traffic.warmup);
    fact(f, "seed", s->seed);
}

/* bf16 where the processor has it, fp32 elsewhere: that is part of the result. */
static weft_status precision_fact(const weft_facts *f, const weft_point *point, weft_error *err) {
    weft_precision precision;
    WEFT_TRY(weft_precision_parse(&precision, point->settings.precision, err));
    weft_facts_text(f, "precision", weft_precision_names[precision]);
    return WEFT_OK;
}

static weft_status kind_facts(const weft_facts *f, weft_point_keys *keys, const weft_point *point, weft_error *err) {
    const weft_point_settings *s = &point->settings;
    const char *hex;
    switch ((weft_point_kind)s->kind) {
    case WEFT_POINT_SIM:
        sim_facts(f, point);
        return images_facts(f, keys, point, err);
    case WEFT_POINT_EVAL:
        WEFT_TRY(precision_fact(f, point, err));
        return images_facts(f, keys, point, err);
    case WEFT_POINT_REPLAY:
        WEFT_TRY(weft_point_file_hash(&hex, keys, point->trace, err));
        weft_facts_text(f, "trace", hex);
        break;
    case WEFT_POINT_NOC:
        traffic_facts(f, s);
        break;
    }
    return WEFT_OK;
}

static weft_status key_facts(const weft_facts *f, weft_point_keys *keys, const weft_point *point, weft_error *err) {
    const char *net, *chip;
    WEFT_TRY(weft_point_hashes(&net, &chip, keys, point, err));
    weft_facts_text(f, "version", WEFT_VERSION);
    fact(f, "kind", point->settings.kind);
    weft_facts_text(f, "net", net);
    weft_facts_text(f, "chip", chip);
    return kind_facts(f, keys, point, err);
}

weft_status weft_point_key(weft_sha256 *out, weft_point_keys *keys, const weft_point *point, weft_error *err) {
    weft_facts facts;
    weft_sha256 ignored;
    WEFT_TRY(weft_facts_begin(&facts, err));
    const weft_status status = key_facts(&facts, keys, point, err);
    const weft_status ended =
        weft_facts_end(status == WEFT_OK ? out : &ignored, &facts, status == WEFT_OK ? err : NULL);
    return status == WEFT_OK ? ended : status;
}

/* ---- parts of a simulation ---- */

/* Keys of the chip that the mapper does not see: errors of cells, wires and converters, costs, areas. */
static bool mapper_sees(const char *setting) {
    static const char *const unseen[] = {
        "device.",         "wires.",        "energy.",           "area.",         "static_power.",   "adc.bits=",
        "adc.range=",      "adc.kind=",     "adc.calibrate=",    "adc.scope=",    "adc.percentile=", "adc.offset_lsb=",
        "adc.gain_sigma=", "adc.mismatch=", "adc.flip_columns=", "spike_energy.", "spike_latency."};
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if (!strncmp(setting, unseen[i], strlen(unseen[i]))) return false;
    return true;
}

weft_status weft_point_map_settings(weft_texts *set, const weft_point *point, weft_error *err) {
    set->count = 0;
    set->items = malloc(((size_t)point->set_count + 1) * sizeof *set->items);
    if (!set->items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the chip's settings");
    for (int i = 0; i < point->set_count; i++)
        if (mapper_sees(point->set[i])) set->items[set->count++] = point->set[i];
    return WEFT_OK;
}

weft_texts weft_point_able_settings(const weft_point *point, const weft_texts *set) {
    const weft_texts all = {point->set, point->set_count};
    weft_chip *chip = NULL;
    const bool possible = weft_chip_load(&chip, point->chip, set->items, set->count, NULL) == WEFT_OK;
    weft_chip_destroy(chip);
    return possible ? *set : all;
}

weft_status weft_point_map_key(weft_sha256 *out, weft_point_keys *keys, const weft_point *point, const weft_texts *set,
                               weft_error *err) {
    weft_facts facts;
    const weft_known_chip *chip;
    const char *net;
    WEFT_TRY(weft_point_known_chip(&chip, keys, point->chip, err));
    const weft_sha256 file = weft_sha256_bytes(chip->text, chip->size);
    WEFT_TRY(weft_point_file_hash(&net, keys, weft_point_net_path(keys->experiment, point), err));
    WEFT_TRY(weft_facts_begin(&facts, err));
    weft_facts_text(&facts, "version", WEFT_VERSION);
    weft_facts_text(&facts, "net", net);
    weft_facts_text(&facts, "chip", file.hex);
    for (int i = 0; i < set->count; i++) weft_facts_text(&facts, "set", set->items[i]);
    if (point->spiking)
        spiking_map_facts(&facts, &point->settings);
    else
        map_facts(&facts, &point->settings);
    return weft_facts_end(out, &facts, err);
}

weft_status weft_point_programming_key(weft_sha256 *out, weft_point_keys *keys, const weft_point *point,
                                       const weft_sha256 *mapping, weft_error *err) {
    weft_facts facts;
    char transform[1024];
    const char *net, *chip;
    WEFT_TRY(weft_point_transform(transform, sizeof transform, point, err));
    WEFT_TRY(weft_point_hashes(&net, &chip, keys, point, err));
    WEFT_TRY(weft_facts_begin(&facts, err));
    weft_facts_text(&facts, "net", net);
    weft_facts_text(&facts, "chip", chip);
    weft_facts_text(&facts, "mapping", mapping->hex);
    weft_facts_text(&facts, "dataset", point->dataset); /* the network's preprocessing is bound to it */
    weft_facts_text(&facts, "transform", transform);
    fact(&facts, "seed", point->settings.seed);
    return weft_facts_end(out, &facts, err);
}

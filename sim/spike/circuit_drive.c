/* Stimuli over time: drives as spikes a tick. */
#include <math.h>

#include "sim/spike/circuit_internal.h"

/* Spikes up to the k-th tick of a drive, of `length` ticks, whose current goes from first to last: the integral. A
 * billionth makes up for rounding, so that ten times 0.1 are a spike. */
static double gathered(double first, double last, double k, double length) {
    return floor(first * k + (last - first) * k * k / (2 * length) + 1e-9);
}

/* Spikes in a tick of the drive. */
static double spikes_at(const weft_circuit_drive *d, int kind, int64_t tick, int64_t until) {
    if (tick < d->from || tick >= until) return 0;
    const double k = (double)(tick - d->from), length = (double)(until - d->from);
    if (kind == WEFT_CIRCUIT_TRAIN) return (tick - d->from) % d->every == 0 ? (double)d->spikes : 0;
    const double first = kind == WEFT_CIRCUIT_STEP ? d->rate : d->first;
    const double last = kind == WEFT_CIRCUIT_STEP ? d->rate : d->last;
    return gathered(first, last, k + 1, length) - gathered(first, last, k, length);
}

typedef struct driven {
    weft_circuit_loader *l;
    int stimulus;
    const weft_yaml_node *node; /* of the drive's keys */
    weft_error *err;
} driven;

static weft_status add(const driven *d, uint64_t tick, double spikes) {
    const weft_circuit *c = d->l->out;
    uint16_t *slot = &c->input[tick * (uint64_t)c->stimulus_count + (uint64_t)d->stimulus];
    if (*slot + spikes > WEFT_CIRCUIT_LEVEL_MAX)
        return weft_record_error(&c->yaml, d->node, NULL, d->err, "%g spikes of the stimulus in tick %llu; at most %d",
                                 *slot + spikes, (unsigned long long)tick, WEFT_CIRCUIT_LEVEL_MAX);
    *slot = (uint16_t)(*slot + spikes);
    if (*slot > d->l->lines[d->stimulus]) d->l->lines[d->stimulus] = *slot;
    return WEFT_OK;
}

static weft_status add_pulses(const driven *d, const weft_circuit_drive *pulses) {
    for (size_t i = 0; i < pulses->at.count; i++) {
        const double tick = pulses->at.items[i];
        if (tick != floor(tick) || tick >= (double)d->l->out->ticks)
            return weft_record_error(&d->l->out->yaml, d->node, "at", d->err,
                                     "%g is not a tick of the run: whole numbers below %llu", tick,
                                     (unsigned long long)d->l->out->ticks);
        WEFT_TRY(add(d, (uint64_t)tick, (double)pulses->spikes));
    }
    return WEFT_OK;
}

static weft_status add_drive(const driven *d, const weft_variant *variant) {
    const weft_circuit_drive *drive = variant->value;
    const int64_t end = (int64_t)d->l->out->ticks, until = drive->until ? drive->until : end;
    if (variant->index == WEFT_CIRCUIT_PULSES) return add_pulses(d, drive);
    if (until > end)
        return weft_record_error(&d->l->out->yaml, d->node, "until", d->err, "%lld is behind the run of %lld ticks",
                                 (long long)until, (long long)end);
    if (drive->from >= until)
        return weft_record_error(&d->l->out->yaml, d->node, "from", d->err, "%lld is not before %lld, the end",
                                 (long long)drive->from, (long long)until);
    for (int64_t t = drive->from; t < until; t++)
        WEFT_TRY(add(d, (uint64_t)t, spikes_at(drive, variant->index, t, until)));
    return WEFT_OK;
}

/* The keys of the i-th drive; NULL for a bare name. */
static const weft_yaml_node *node_of(const weft_yaml_node *stimulus, size_t i) {
    const weft_yaml_node *list = weft_yaml_get(stimulus, "drive");
    const weft_yaml_node *item = list->kind == WEFT_YAML_SEQUENCE ? list->values[i] : list;
    return item->kind == WEFT_YAML_MAP ? item->values[0] : item;
}

weft_status weft_circuit_drive_all(weft_circuit_loader *l, weft_error *err) {
    for (int s = 0; s < l->out->stimulus_count; s++) {
        const weft_list *drives = &weft_circuit_stimulus_of(l, s)->drives;
        for (size_t i = 0; i < drives->count; i++) {
            const driven d = {l, s, node_of(weft_circuit_named(&l->file.stimuli, s)->node, i), err};
            WEFT_TRY(add_drive(&d, (const weft_variant *)drives->items + i));
        }
    }
    return WEFT_OK;
}

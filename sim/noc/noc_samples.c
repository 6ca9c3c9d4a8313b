#include "sim/noc/noc_samples.h"

#include <math.h>
#include <stdlib.h>

/* Bins of one cycle below EXACT, then PARTS bins an octave. */
enum { EXACT = 4096, EXACT_BITS = 12, PARTS = 1024, PART_BITS = 10, BINS = EXACT + (64 - EXACT_BITS) * PARTS };

/* Student's t of a 95 % interval from NOC_BATCHES batches. */
static const double STUDENT = 2.093;

/* A rise counts where packets wait for this share of their zero load, and when it is this many standard errors. */
static const double WAITING = 0.2, SURE = 4;

static size_t bin_of(uint64_t latency) {
    if (latency < EXACT) return (size_t)latency;
    int octave = 63 - __builtin_clzll(latency);
    return EXACT + (size_t)(octave - EXACT_BITS) * PARTS + (size_t)(latency >> (octave - PART_BITS) & (PARTS - 1));
}

static uint64_t bin_begin(size_t bin) {
    if (bin < EXACT) return bin;
    size_t octave = (bin - EXACT) / PARTS + EXACT_BITS, part = (bin - EXACT) % PARTS;
    return ((uint64_t)PARTS + part) << (octave - PART_BITS);
}

weft_status weft_noc_samples_create(weft_noc_samples *out, uint64_t begin, uint64_t cycles, weft_error *err) {
    *out = (weft_noc_samples){.begin = begin, .cycles = cycles, .keep_every = 1, .slack_min = UINT64_MAX};
    out->histogram = calloc(BINS, sizeof *out->histogram);
    return out->histogram ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for latencies");
}

void weft_noc_samples_destroy(weft_noc_samples *samples) { free(samples->histogram); }

static void add(weft_noc_sums *sums, uint64_t value) {
    if (!sums->count || value < sums->min) sums->min = value;
    if (value > sums->max) sums->max = value;
    sums->sum += value;
    sums->count++;
}

/* Every keep_every-th packet; when the room is full, every other one goes. */
static void keep(weft_noc_samples *s, const weft_noc_delivery *d) {
    if (s->count % s->keep_every) return;
    if (s->kept_count == NOC_KEPT) {
        for (int i = 0; i < NOC_KEPT / 2; i++) s->kept[i] = s->kept[2 * i];
        s->kept_count = NOC_KEPT / 2;
        s->keep_every *= 2;
        if (s->count % s->keep_every) return;
    }
    s->kept[s->kept_count++] = *d;
}

weft_status weft_noc_samples_add(weft_noc_samples *s, const weft_noc_config *config, const weft_noc_delivery *d,
                                 weft_error *err) {
    uint64_t latency = d->delivered - d->created, in_network = d->delivered - d->started, zero_load;
    WEFT_TRY(weft_noc_zero_load(&zero_load, config, d->source, d->target, d->flits, err));
    if (in_network < zero_load)
        return weft_error_set(err, WEFT_E_INTERNAL,
                              "noc: packet %llu of %d flits from %d to %d took %llu cycles, an idle network needs %llu",
                              (unsigned long long)d->tag, d->flits, d->source, d->target,
                              (unsigned long long)in_network, (unsigned long long)zero_load);
    if (latency - zero_load < s->slack_min) s->slack_min = latency - zero_load;
    keep(s, d);
    add(&s->packet, latency);
    add(&s->network, in_network);
    size_t batch = (size_t)((double)(d->created - s->begin) / (double)s->cycles * NOC_BATCHES);
    add(&s->batch[batch < NOC_BATCHES ? batch : NOC_BATCHES - 1], latency);
    s->histogram[bin_of(latency)]++;
    s->zero_load += zero_load;
    s->routers += (uint64_t)weft_noc_path_routers(config, d->source, d->target);
    s->count++;
    return WEFT_OK;
}

static weft_noc_latency latency_of(const weft_noc_sums *s) {
    return (weft_noc_latency){s->count ? (double)s->sum / (double)s->count : NAN, s->min, s->max};
}

/* Smallest latency that the share of packets do not exceed. */
static uint64_t percentile(const weft_noc_samples *s, double percent) {
    uint64_t rank = (uint64_t)ceil(percent / 100 * (double)s->count), seen = 0;
    for (size_t bin = 0; bin < BINS; bin++) {
        seen += s->histogram[bin];
        if (seen >= rank && seen) return bin_begin(bin);
    }
    return 0;
}

static double half_width(const weft_noc_samples *s) {
    double sum = 0, squares = 0;
    for (int i = 0; i < NOC_BATCHES; i++) {
        if (!s->batch[i].count) return NAN;
        double mean = (double)s->batch[i].sum / (double)s->batch[i].count;
        sum += mean;
        squares += mean * mean;
    }
    double variance = (squares - sum * sum / NOC_BATCHES) / (NOC_BATCHES - 1);
    return STUDENT * sqrt(fmax(variance, 0) / NOC_BATCHES);
}

/* Least squares through the batches' means: *rise over the window, and its standard error. */
static bool fit_rise(const weft_noc_samples *s, double *rise, double *error) {
    double middle = (NOC_BATCHES - 1) / 2.0, mean = 0, spread = 0, slope = 0, rest = 0;
    for (int i = 0; i < NOC_BATCHES; i++) {
        if (!s->batch[i].count) return false;
        mean += (double)s->batch[i].sum / (double)s->batch[i].count / NOC_BATCHES;
    }
    for (int i = 0; i < NOC_BATCHES; i++) {
        double y = (double)s->batch[i].sum / (double)s->batch[i].count;
        spread += (i - middle) * (i - middle);
        slope += (i - middle) * (y - mean);
    }
    slope /= spread;
    for (int i = 0; i < NOC_BATCHES; i++) {
        double y = (double)s->batch[i].sum / (double)s->batch[i].count, off = y - mean - slope * (i - middle);
        rest += off * off;
    }
    *rise = slope * NOC_BATCHES;
    *error = sqrt(rest / (NOC_BATCHES - 2) / spread) * NOC_BATCHES;
    return true;
}

bool weft_noc_samples_rise(const weft_noc_samples *s) {
    double rise, error;
    if (!s->count || !fit_rise(s, &rise, &error)) return false;
    double zero_load = (double)s->zero_load / (double)s->count;
    double excess = (double)s->packet.sum / (double)s->count - zero_load;
    return excess > WAITING * zero_load && rise > excess / 2 && rise > SURE * error;
}

void weft_noc_samples_finish(const weft_noc_samples *s, weft_noc_measurement *out) {
    double count = (double)s->count;
    out->measured_packets = s->count;
    out->packet = latency_of(&s->packet);
    out->network = latency_of(&s->network);
    out->packet_half_width = half_width(s);
    for (int i = 0; i < WEFT_NOC_PERCENTILES; i++) out->percentile[i] = percentile(s, weft_noc_percentiles[i]);
    out->routers = s->count ? (double)s->routers / count : NAN;
    out->zero_load = s->count ? (double)s->zero_load / count : NAN;
    out->slack_min = s->count ? s->slack_min : 0;
}

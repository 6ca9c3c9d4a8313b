/* Keys that were written and do nothing. */
#include <string.h>

#include "core/chip_internal.h"

typedef struct teller {
    const weft_chip *chip;
    weft_chip_tell *tell;
    void *context;
} teller;

/* The value under section.key; NULL: not written. */
static const weft_yaml_node *written(const teller *t, const char *section, const char *key) {
    return weft_yaml_get(weft_yaml_get(t->chip->yaml.root, section), key);
}

static bool was_set(const weft_yaml_node *node) { return node && node->place; }

/* A key of the file whose deciding key was changed from outside is no mistake. */
static void check(const teller *t, const char *section, const char *key, const char *decider, const char *why) {
    const weft_yaml_node *node = written(t, section, key);
    if (!node || (!was_set(node) && was_set(written(t, section, decider)))) return;
    char text[192];
    snprintf(text, sizeof text, "%s.%s has no effect: %s", section, key, why);
    t->tell(t->context, text);
}

static void check_network(const teller *t) {
    static const char *const between[] = {"chip_link_cycles", "chip_credit_cycles", "chip_link_interval"};
    const weft_chip *chip = t->chip;
    for (size_t i = 0; i < sizeof between / sizeof between[0] && chip->noc.chips[0] * chip->noc.chips[1] == 1; i++)
        check(t, "noc", between[i], "chips", "noc.chips is [1, 1]");
    if (chip->core.unbounded_buffers && chip->clock.kind == WEFT_CLOCK_TICK)
        check(t, "core", "unbounded_buffers", "kind", "with clock.kind tick buffers have no end");
}

void weft_chip_unused(const weft_chip *chip, weft_chip_tell *tell, void *context) {
    const teller t = {chip, tell, context};
    const bool calibrated = chip->adc.range == WEFT_ADC_CALIBRATED;
    if (chip->kind == WEFT_CHIP_SPIKING) {
        check_network(&t);
        return;
    }
    if (!calibrated) {
        check(&t, "adc", "calibrate", "range", "adc.range is not calibrated");
        check(&t, "adc", "scope", "range", "adc.range is not calibrated");
        check(&t, "adc", "percentile", "range", "adc.range is not calibrated");
    } else if (chip->adc.calibrate != WEFT_ADC_PERCENTILE) {
        check(&t, "adc", "percentile", "calibrate", "adc.calibrate is not percentile");
    }
    if (chip->device.read_noise == WEFT_READ_NOISE_NONE && chip->device.read_sigma > 0)
        check(&t, "device", "read_sigma", "read_noise", "device.read_noise is none");
    if (chip->device.read_noise != WEFT_READ_NOISE_PCM && chip->device.time_s > 0)
        check(&t, "device", "time_s", "read_noise",
              "it is the time of read noise pcm; pcm_drift and pcm_read in device.program have times of their own");
    if (chip->device.iv_nonlinearity > 0 && chip->input.encoding == WEFT_INPUT_PULSE_WIDTH)
        check(&t, "device", "iv_nonlinearity", "program", "input.encoding pulse_width drives rows with one voltage");
    check_network(&t);
}

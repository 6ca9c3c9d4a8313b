#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/spike_mapping_internal.h"

weft_status weft_spike_mapping_bad(const weft_spike_mapping *mapping, weft_error *err, int line, const char *format,
                                   ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *path = mapping->path[0] ? mapping->path : NULL;
    return weft_error_set_at(err, WEFT_E_INVALID, path, path ? line : 0, 0, "%s", text);
}

typedef struct checker {
    const weft_spike_mapping *mapping;
    const weft_chip *chip;
    weft_error *err;
} checker;

static weft_status check_core(const checker *c, const weft_mapped_population *population,
                              const weft_spike_piece *pieces, int i) {
    const weft_spike_piece *piece = &pieces[i];
    if (piece->core < 0 || piece->core >= c->chip->core_count)
        return weft_spike_mapping_bad(c->mapping, c->err, piece->line,
                                      "population \"%.256s\": core %d does not exist, the chip has cores 0 to %d",
                                      population->name, piece->core, c->chip->core_count - 1);
    if (i > 0 && pieces[i - 1].core >= piece->core)
        return weft_spike_mapping_bad(c->mapping, c->err, piece->line, "population \"%.256s\": core %d stands %s",
                                      population->name, piece->core,
                                      pieces[i - 1].core == piece->core ? "there twice" : "behind a higher one");
    return WEFT_OK;
}

static weft_status check_run(const checker *c, const weft_mapped_population *population, const weft_spike_piece *piece,
                             const weft_neuron_run *run) {
    if (run->count > 0 && run->first < population->size && run->count <= population->size - run->first &&
        run->copies > 0 && run->copies <= WEFT_NEURON_COPIES_MAX)
        return WEFT_OK;
    return weft_spike_mapping_bad(c->mapping, c->err, piece->line,
                                  "population \"%.256s\": a run of %u neurons from %u on, %u times, does not stand in "
                                  "its %u neurons",
                                  population->name, (unsigned)run->count, (unsigned)run->first, (unsigned)run->copies,
                                  (unsigned)population->size);
}

/* seen[neuron] becomes mark; a neuron that has it already is refused. */
static weft_status mark_run(const checker *c, const weft_mapped_population *population, const weft_spike_piece *piece,
                            const weft_neuron_run *run, uint32_t *seen, uint32_t mark, const char *what) {
    WEFT_TRY(check_run(c, population, piece, run));
    for (uint32_t n = run->first; n < run->first + run->count; n++) {
        if (seen[n] == mark)
            return weft_spike_mapping_bad(c->mapping, c->err, piece->line, "population \"%.256s\": neuron %u stands %s",
                                          population->name, (unsigned)n, what);
        seen[n] = mark;
    }
    return WEFT_OK;
}

static weft_status check_pieces(const checker *c, const weft_mapped_population *population, uint32_t *seen) {
    for (int i = 0; i < population->piece_count; i++) {
        const weft_spike_piece *piece = &population->pieces[i];
        WEFT_TRY(check_core(c, population, population->pieces, i));
        for (int k = 0; k < piece->run_count; k++)
            WEFT_TRY(mark_run(c, population, piece, &piece->runs[k], seen, 1, "there twice"));
    }
    for (uint32_t n = 0; n < population->size; n++)
        if (!seen[n])
            return weft_spike_mapping_bad(c->mapping, c->err, population->line,
                                          "population \"%.256s\": neuron %u is on no core", population->name,
                                          (unsigned)n);
    return WEFT_OK;
}

static weft_status check_relays(const checker *c, const weft_mapped_population *population, uint32_t *seen) {
    if (population->relay_count > 0 && c->chip->limits.destinations == 0)
        return weft_spike_mapping_bad(c->mapping, c->err, population->relays[0].line,
                                      "population \"%.256s\": relays are for chips with limits.destinations",
                                      population->name);
    for (int i = 0; i < population->relay_count; i++) {
        const weft_spike_piece *piece = &population->relays[i];
        WEFT_TRY(check_core(c, population, population->relays, i));
        for (int k = 0; k < piece->run_count; k++)
            WEFT_TRY(mark_run(c, population, piece, &piece->runs[k], seen, (uint32_t)i + 2,
                              "there twice among the relays of a core"));
    }
    return WEFT_OK;
}

static weft_status check_population(const checker *c, const weft_mapped_population *mapped,
                                    const weft_snn_population *population) {
    if (strcmp(mapped->name ? mapped->name : "", population->name) != 0)
        return weft_spike_mapping_bad(c->mapping, c->err, mapped->line,
                                      "population \"%.256s\" stands where the network has \"%.256s\"",
                                      mapped->name ? mapped->name : "", population->name);
    if (mapped->size != population->size)
        return weft_spike_mapping_bad(c->mapping, c->err, mapped->line,
                                      "population \"%.256s\" has %u neurons, the network's %u", mapped->name,
                                      (unsigned)mapped->size, (unsigned)population->size);
    uint32_t *seen = calloc((size_t)mapped->size + 1, sizeof *seen);
    if (!seen) return weft_error_set(c->err, WEFT_E_MEMORY, "out of memory while checking the mapping");
    weft_status status = check_pieces(c, mapped, seen);
    if (status == WEFT_OK) status = check_relays(c, mapped, seen);
    free(seen);
    return status;
}

weft_status weft_spike_mapping_check(const weft_spike_mapping *mapping, const weft_snn *snn, const weft_chip *chip,
                                     weft_error *err) {
    const checker c = {mapping, chip, err};
    int wanted = 0, at = 0;
    if (chip->kind != WEFT_CHIP_SPIKING)
        return weft_spike_mapping_bad(mapping, err, 0, "neurons on cores, but chip \"%.80s\" is no spiking one",
                                      chip->name);
    for (int p = 0; p < snn->population_count; p++) wanted += weft_snn_is_neuron(&snn->populations[p]);
    if (mapping->population_count != wanted)
        return weft_spike_mapping_bad(mapping, err, 0, "%d populations, the network has %d with neurons",
                                      mapping->population_count, wanted);
    for (int p = 0; p < snn->population_count; p++)
        if (weft_snn_is_neuron(&snn->populations[p]))
            WEFT_TRY(check_population(&c, &mapping->populations[at++], &snn->populations[p]));
    return WEFT_OK;
}

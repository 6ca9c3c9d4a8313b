#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mapping_source.h"
#include "core/spike_mapping_internal.h"

const char *const weft_spike_integrations[] = {"euler", "exponential", NULL};
const char *const weft_spike_resets[] = {"zero", "subtract", NULL};
const char *const weft_spike_booleans[] = {"false", "true", NULL};

/* The fewest digits that read back as the same number. */
static void write_real(FILE *stream, double value) {
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    fputs(text, stream);
}

static void write_run(FILE *stream, const weft_neuron_run *run) {
    fprintf(stream, "%u", (unsigned)run->first);
    if (run->count > 1) fprintf(stream, "-%u", (unsigned)(run->first + run->count - 1));
    if (run->copies > 1) fprintf(stream, "*%u", (unsigned)run->copies);
}

static void write_pieces(FILE *stream, const char *key, const weft_spike_piece *pieces, int count) {
    if (count > 0) fprintf(stream, "    %s:\n", key);
    for (int i = 0; i < count; i++) {
        fprintf(stream, "      - {core: %d, neurons: \"", pieces[i].core);
        for (int k = 0; k < pieces[i].run_count; k++) {
            if (k) fputc(' ', stream);
            write_run(stream, &pieces[i].runs[k]);
        }
        fputs("\"}\n", stream);
    }
}

static void write_population(FILE *stream, const weft_mapped_population *population) {
    fputs("  - name: ", stream);
    weft_yaml_print_string(stream, population->name);
    fprintf(stream, "\n    size: %u\n", (unsigned)population->size);
    write_pieces(stream, "cores", population->pieces, population->piece_count);
    write_pieces(stream, "relays", population->relays, population->relay_count);
}

weft_status weft_spike_mapping_write(const weft_spike_mapping *mapping, const char *path, weft_error *err) {
    assert(mapping && path);
    weft_output output;
    WEFT_TRY(weft_output_open(&output, path, err));
    FILE *stream = output.stream;
    fputs("weft_spike_mapping: 1\n", stream);
    weft_mapping_write_network(stream, path, mapping->network_path, &mapping->network_sha256);
    weft_mapping_write_chip(stream, path, mapping->chip_path, &mapping->chip_sha256, mapping->settings,
                            mapping->setting_count);
    fputs("dt_s: ", stream);
    write_real(stream, mapping->options.dt);
    fprintf(stream, "\nintegration: %s\nreset: %s\nround: %s\npopulations:\n",
            weft_spike_integrations[mapping->options.exponential], weft_spike_resets[mapping->options.subtract],
            weft_spike_booleans[mapping->options.round]);
    for (int p = 0; p < mapping->population_count; p++) write_population(stream, &mapping->populations[p]);
    return weft_output_commit(&output, err);
}

#include "core/spike_mapping.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping_source.h"

weft_status weft_spike_mapping_create(weft_spike_mapping **out, int population_count, weft_error *err) {
    assert(out && population_count >= 0);
    weft_spike_mapping *mapping = calloc(1, sizeof *mapping);
    *out = NULL;
    if (mapping) mapping->populations = calloc((size_t)population_count + 1, sizeof *mapping->populations);
    if (!mapping || !mapping->populations) {
        free(mapping);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a mapping of %d populations", population_count);
    }
    mapping->population_count = population_count;
    *out = mapping;
    return WEFT_OK;
}

static void free_pieces(weft_spike_piece *pieces, int count) {
    for (int i = 0; pieces && i < count; i++) free(pieces[i].runs);
    free(pieces);
}

void weft_spike_mapping_destroy(weft_spike_mapping *mapping) {
    if (!mapping) return;
    for (int p = 0; p < mapping->population_count; p++) {
        weft_mapped_population *population = &mapping->populations[p];
        free(population->name);
        free_pieces(population->pieces, population->piece_count);
        free_pieces(population->relays, population->relay_count);
    }
    for (int i = 0; i < mapping->setting_count; i++) free(mapping->settings[i]);
    free(mapping->settings);
    free(mapping->populations);
    free(mapping);
}

weft_status weft_spike_mapping_add_setting(weft_spike_mapping *mapping, const char *setting, weft_error *err) {
    return weft_settings_add(&mapping->settings, &mapping->setting_count, setting, err);
}

bool weft_spike_mapping_is(const char *path) {
    static const char key[] = "weft_spike_mapping:";
    char line[256];
    FILE *file = fopen(path, "rb");
    bool found = false, whole = true; /* whole: the line begins here */
    while (file && fgets(line, sizeof line, file)) {
        const bool begins = whole;
        whole = strchr(line, '\n') != NULL;
        if (!begins || line[0] == '#' || strspn(line, " \t\r\n") == strlen(line) || strncmp(line, "---", 3) == 0)
            continue;
        found = strncmp(line, key, sizeof key - 1) == 0;
        break;
    }
    if (file) fclose(file);
    return found;
}

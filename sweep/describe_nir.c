/* A spiking network as a row of `nets`, its populations as rows of `layers`. */
#include <stdlib.h>
#include <string.h>

#include "core/snn.h"
#include "sweep/describe_row.h"

static const double delay_step_s = 1e-3; /* only Delays, which are in seconds, depend on it */

/* "1 x 8 x 8" */
static void shape_text(char *out, size_t size, const weft_nir_shape *shape) {
    size_t used = (size_t)snprintf(out, size, "%s", shape->rank ? "" : "1");
    for (int i = 0; i < shape->rank && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? " x " : "", shape->size[i]);
}

static uint64_t synapses_into(const weft_snn *snn, int population) {
    uint64_t count = 0;
    for (int i = 0; i < snn->projection_count; i++)
        if (snn->projections[i].target == population) count += snn->projections[i].count;
    return count;
}

/* "from in, cells (recurrent)"; NULL: no memory. */
static const char *sources_text(const weft_snn *snn, int population, weft_arena *arena) {
    const char *text = "";
    for (int i = 0; i < snn->projection_count && text; i++) {
        const weft_snn_projection *p = &snn->projections[i];
        if (p->target != population) continue;
        text = weft_arena_printf(arena, "%s%s%s%s", text, *text ? ", " : "from ", snn->populations[p->source].name,
                                 p->recurrent ? " (recurrent)" : "");
    }
    return text;
}

static void describe_population(weft_row *row, const weft_snn *snn, int number) {
    const weft_snn_population *p = &snn->populations[number];
    const bool neurons = weft_snn_is_neuron(p);
    const char *sources = sources_text(snn, number, row->arena);
    char shape[100];
    shape_text(shape, sizeof shape, &p->shape);
    weft_row_count(row, WEFT_LAYERS_POSITION, (uint64_t)number);
    weft_row_text(row, WEFT_LAYERS_NAME, p->name);
    weft_row_text(row, WEFT_LAYERS_KIND, weft_nir_type_names[p->model]);
    weft_row_text(row, WEFT_LAYERS_OUTPUT, shape);
    if (neurons) weft_row_count(row, WEFT_LAYERS_WEIGHTS, synapses_into(snn, number));
    weft_row_text(row, WEFT_LAYERS_RUNS_ON, neurons ? "cores" : p->model == WEFT_NIR_INPUT ? "host" : "none");
    weft_row_text(row, WEFT_LAYERS_DETAILS, sources);
    row->lost |= !sources;
}

static weft_status describe_populations(weft_description_rows *out, weft_arena *arena, const weft_snn *snn,
                                        const char *sha256, weft_error *err) {
    WEFT_TRY(weft_rows_begin(out, arena, WEFT_LAYERS, (size_t)snn->population_count, err));
    for (int p = 0; p < snn->population_count; p++) {
        weft_row row = weft_rows_at(out, arena, WEFT_LAYERS, (size_t)p);
        weft_row_text(&row, WEFT_LAYERS_SHA256, sha256);
        describe_population(&row, snn, p);
        WEFT_TRY(weft_row_end(&row, err));
    }
    return WEFT_OK;
}

/* Of several Inputs, how many values they take together. */
static void describe_input(weft_row *row, const weft_snn *snn) {
    char text[100];
    int inputs = 0;
    for (int p = 0; p < snn->population_count; p++) inputs += snn->populations[p].model == WEFT_NIR_INPUT;
    if (inputs == 1)
        shape_text(text, sizeof text, &snn->populations[0].shape);
    else
        snprintf(text, sizeof text, "%lu", (unsigned long)snn->inputs);
    weft_row_text(row, WEFT_NETS_INPUT, text);
}

static weft_status describe_snn(weft_description_rows *out, weft_arena *arena, const weft_snn *snn,
                                const weft_experiment_net *of, const char *sha256, weft_error *err) {
    WEFT_TRY(weft_rows_begin(out, arena, WEFT_NETS, 1, err));
    weft_row row = weft_rows_at(out, arena, WEFT_NETS, 0);
    weft_row_text(&row, WEFT_NETS_SHA256, sha256);
    weft_row_file(&row, WEFT_NETS_NAME, of->path);
    weft_row_file(&row, WEFT_NETS_FILE, of->path);
    describe_input(&row, snn);
    weft_row_count(&row, WEFT_NETS_LAYERS, (uint64_t)snn->population_count);
    weft_row_count(&row, WEFT_NETS_NEURONS, snn->neurons);
    weft_row_count(&row, WEFT_NETS_SYNAPSES, snn->synapses);
    return weft_row_end(&row, err);
}

weft_status weft_describe_nir(weft_description_rows *net_row, weft_description_rows *layers, weft_arena *arena,
                              const weft_experiment_net *net, const char *sha256, weft_error *err) {
    weft_snn *snn = NULL;
    WEFT_TRY(weft_snn_read(&snn, net->path, delay_step_s, err));
    weft_status status = describe_snn(net_row, arena, snn, net, sha256, err);
    if (status == WEFT_OK) status = describe_populations(layers, arena, snn, sha256, err);
    weft_snn_destroy(snn);
    return status;
}

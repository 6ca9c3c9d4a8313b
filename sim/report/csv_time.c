/* The CSVs of things in space and time: cores, links, power, resources. */
#include <inttypes.h>
#include <math.h>

#include "core/text.h"
#include "sim/report/tables.h"

/* The end of a header. */
static void names(const weft_report_tables *tables, const char *unit, FILE *stream) {
    for (int k = 0; k < tables->component_count; k++) fprintf(stream, ",%s_%s", tables->component[k], unit);
    weft_report_csv_event_names(stream);
    fputc('\n', stream);
}

static void core_time(const weft_report_tables *tables, const weft_timing *timing, int c, FILE *stream) {
    const weft_timing_core *core = &timing->cores[c];
    const weft_chip *chip = tables->input->chip;
    double component_pj[WEFT_EVENT_COUNT] = {0};
    fprintf(stream, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", core->mvm_count, core->array_busy_cycles,
            core->digital_busy_cycles);
    if (core->buffer_peak_bytes >= 0) fprintf(stream, "%" PRId64, core->buffer_peak_bytes);
    weft_report_csv_number(stream, weft_report_energy(tables, &core->events, component_pj));
    const double run_ns = (double)timing->cycles * chip->cycle_ns;
    weft_report_csv_number(stream, c < timing->core_count ? chip->static_power.core_mw.value * run_ns : 0);
    for (int k = 0; k < tables->component_count; k++) weft_report_csv_number(stream, component_pj[k]);
    weft_report_csv_counts(stream, &core->events);
}

/* Of the whole run. Cores of further chips follow those of the first; the host's line, what its router does for it,
 * comes last. */
void weft_report_csv_cores(const weft_report_tables *tables, FILE *stream) {
    const weft_timing *timing = weft_report_is_timed(tables) ? tables->input->timed->timing : NULL;
    const weft_chip *chip = tables->input->chip;
    const int width = (int)chip->noc.mesh[0];
    fputs("core,router_x,router_y,arrays,buffer_bytes,mvms,array_busy_cycles,digital_busy_cycles,buffer_peak_bytes,"
          "energy_dynamic_pj,energy_static_pj",
          stream);
    names(tables, "pj", stream);
    const int count = timing ? timing->core_count : chip->core_count;
    for (int c = 0; c <= count; c++) {
        const int core = c < count ? c % chip->core_count : chip->host_terminal, router = weft_chip_router(chip, core);
        if (c < count)
            fprintf(stream, "%d,%d,%d,%d,%" PRId64, c, router % width, router / width, tables->core_arrays[core],
                    tables->core_buffer[core]);
        else
            fprintf(stream, "host,%d,%d,,", router % width, router / width);
        if (timing) {
            core_time(tables, timing, c, stream);
        } else {
            for (int i = 0; i < 6 + tables->component_count; i++) fputc(',', stream);
            weft_report_csv_counts(stream, NULL);
        }
        fputc('\n', stream);
    }
}

void weft_report_csv_links(const weft_report_tables *tables, FILE *stream) {
    static const char *const direction[] = {"east", "west", "north", "south"};
    static const int step_x[] = {1, -1, 0, 0}, step_y[] = {0, 0, -1, 1};
    const weft_timing *timing = weft_report_is_timed(tables) ? tables->input->timed->timing : NULL;
    const weft_chip *chip = tables->input->chip;
    const int width = (int)chip->noc.mesh[0], height = (int)chip->noc.mesh[1];
    fputs("from_x,from_y,direction,to_x,to_y,flits,flits_per_cycle,chip\n", stream);
    for (int i = 0; timing && i < timing->router_count * 4; i++) {
        const int router = i / 4 % chip->router_count, x = router % width, y = router / width, d = i % 4;
        const int to_x = (x + step_x[d] + width) % width, to_y = (y + step_y[d] + height) % height;
        const bool wraps = to_x != x + step_x[d] || to_y != y + step_y[d];
        if (wraps && timing->link_flits[i] == 0) continue; /* the border of a mesh */
        fprintf(stream, "%d,%d,%s,%d,%d,%" PRIu64, x, y, direction[d], to_x, to_y, timing->link_flits[i]);
        weft_report_csv_number(stream, timing->cycles ? (double)timing->link_flits[i] / (double)timing->cycles : NAN);
        fprintf(stream, ",%d\n", i / 4 / chip->router_count);
    }
}

void weft_report_csv_power(const weft_report_tables *tables, FILE *stream) {
    const weft_timing *timing = weft_report_is_timed(tables) ? tables->input->timed->timing : NULL;
    const double cycle_ns = tables->input->chip->cycle_ns;
    const double fixed = tables->static_core_mw + tables->static_router_mw + tables->static_chip_mw;
    fputs("begin_ns,end_ns,energy_dynamic_pj,static_mw,dynamic_mw", stream);
    names(tables, "mw", stream);
    for (int b = 0; timing && b < timing->bin_count; b++) {
        double component[WEFT_EVENT_COUNT] = {0};
        const uint64_t begin = (uint64_t)b * timing->bin_cycles;
        char text[32];
        weft_number_text(text, sizeof text, (double)begin * cycle_ns);
        fputs(text, stream);
        weft_report_csv_number(stream, (double)(begin + weft_report_bin_cycles(timing, b)) * cycle_ns);
        weft_report_csv_number(stream, weft_report_energy(tables, &timing->bins[b], component));
        weft_report_csv_number(stream, fixed);
        weft_report_csv_number(stream, weft_report_bin_power(tables, b, component));
        for (int k = 0; k < tables->component_count; k++) weft_report_csv_number(stream, component[k]);
        weft_report_csv_counts(stream, &timing->bins[b]);
        fputc('\n', stream);
    }
}

void weft_report_csv_resources(const weft_report_tables *tables, FILE *stream) {
    fputs("resource,kind,busy_cycles,busy_cycles_per_image,utilisation,speedup_without,then\n", stream);
    for (int i = 0; i < tables->resource_count; i++) {
        const weft_resource *resource = &tables->resources[i];
        const weft_report_without *without = weft_report_without_of(tables, resource);
        char text[300];
        weft_resource_text(text, sizeof text, resource, tables->input->stages, tables->input->chip);
        weft_csv_print(stream, text);
        fprintf(stream, ",%s,", weft_resource_kind_names[resource->kind]);
        if (resource->kind != WEFT_RESOURCE_BUFFERS) fprintf(stream, "%" PRIu64, resource->busy_cycles);
        weft_report_csv_number(stream, resource->cycles_an_image);
        weft_report_csv_number(stream, resource->utilisation);
        weft_report_csv_number(stream, without ? without->speedup : NAN);
        fputc(',', stream);
        if (without && without->limited) {
            weft_resource_text(text, sizeof text, &without->next, tables->input->stages, tables->input->chip);
            weft_csv_print(stream, text);
        }
        fputc('\n', stream);
    }
}

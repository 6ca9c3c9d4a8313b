/* weft map: a network is laid onto a chip; or an existing mapping is checked. */
#include "mapper/mapper.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "core/onnx.h"

typedef struct map_options {
    weft_common common;
    const char *network, *chip, *out;
    weft_texts set;
    bool check;
} map_options;

static const weft_option map_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "ONNX file; with --check, the mapping file"},
    {.name = "CHIP",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, chip),
     .complete = WEFT_COMPLETE_CHIP,
     .help = "Chip file, or the name of an installed chip ('weft describe' lists them); not with --check"},
};
static const weft_option map_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, out),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "The mapping, in YAML; needed unless --check is given"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(map_options, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example --set adc.bits=6; may be repeated"},
    {.name = "check",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(map_options, check),
     .help = "Check an existing mapping against its network and chip instead of making one"},
};

/* What both ways of the command hold. */
typedef struct map_work {
    weft_network *net;
    weft_stages *stages;
    weft_chip *chip;
    weft_mapping *mapping;
} map_work;

static void map_work_free(map_work *work) {
    weft_mapping_destroy(work->mapping);
    weft_chip_destroy(work->chip);
    weft_stages_destroy(work->stages);
    weft_network_destroy(work->net);
}

static void print_table(const map_work *work, FILE *stream) {
    int width = 5;
    for (int s = 0; s < work->mapping->stage_count; s++) {
        int length = (int)strlen(work->mapping->stages[s].name);
        if (length > width) width = length > 40 ? 40 : length;
    }
    fprintf(stream, "%-*s %8s %8s %10s %7s %6s\n", width, "stage", "rows", "columns", "positions", "arrays", "cores");
    for (int s = 0; s < work->mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &work->mapping->stages[s];
        const weft_shape *out = &work->stages->items[s].matrix_out;
        fprintf(stream, "%-*.*s %8d %8d %10d %7d %6d\n", width, width, stage->name, stage->rows, stage->columns,
                out->height * out->width, stage->tile_count, weft_mapped_stage_cores(stage));
    }
}

static void print_summary(const map_work *work, const weft_map_summary *summary, FILE *stream) {
    print_table(work, stream);
    fprintf(stream, "%s: %d of %d arrays, %d of %d cores, %.1f %% of their cells, %llu flit-hops per image\n",
            work->chip->name, summary->arrays_needed, summary->arrays_available, summary->cores_used,
            summary->cores_available, summary->cell_utilisation_percent,
            (unsigned long long)summary->flit_hops_per_image);
}

static void json_stages(weft_json *json, const map_work *work) {
    weft_json_array(json, "stages");
    for (int s = 0; s < work->mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &work->mapping->stages[s];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", stage->name);
        weft_json_count(json, "rows", (uint64_t)stage->rows);
        weft_json_count(json, "columns", (uint64_t)stage->columns);
        weft_json_count(json, "arrays", (uint64_t)stage->tile_count);
        weft_json_count(json, "cores", (uint64_t)weft_mapped_stage_cores(stage));
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

/* summary: NULL after a check. */
static weft_status print_json(const map_options *o, const map_work *work, const weft_map_summary *summary,
                              weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "mapping", o->check ? o->network : o->out);
    weft_json_text(json, "network_sha256", work->mapping->network_sha256.hex);
    weft_json_text(json, "chip", work->chip->name);
    weft_json_text(json, "chip_sha256", work->chip->sha256.hex);
    json_stages(json, work);
    if (summary) {
        weft_json_count(json, "arrays_needed", (uint64_t)summary->arrays_needed);
        weft_json_count(json, "arrays_available", (uint64_t)summary->arrays_available);
        weft_json_count(json, "cores_used", (uint64_t)summary->cores_used);
        weft_json_count(json, "cores_available", (uint64_t)summary->cores_available);
        weft_json_number(json, "cell_utilisation_percent", summary->cell_utilisation_percent);
        weft_json_count(json, "flit_hops_per_image", summary->flit_hops_per_image);
    }
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

static weft_status copy_path(char out[4096], const char *path, weft_error *err) {
    int length = snprintf(out, 4096, "%s", path);
    return length >= 0 && length < 4096 ? WEFT_OK
                                        : weft_error_set(err, WEFT_E_INVALID, "the path %.200s... is too long", path);
}

static weft_status make_mapping(const map_options *o, const weft_console *session, map_work *work, weft_error *err) {
    weft_map_summary summary;
    WEFT_TRY(weft_output_probe(o->out, err));
    WEFT_TRY(weft_chip_load(&work->chip, o->chip, o->set.items, o->set.count, err));
    WEFT_TRY(weft_onnx_read(&work->net, o->network, err));
    WEFT_TRY(weft_lower(&work->stages, work->net, err));
    WEFT_TRY(weft_map(&work->mapping, &summary, work->stages, work->chip, err));
    weft_mapping *mapping = work->mapping;
    WEFT_TRY(copy_path(mapping->network_path, o->network, err));
    WEFT_TRY(copy_path(mapping->chip_path, work->chip->path, err));
    WEFT_TRY(weft_sha256_file(&mapping->network_sha256, o->network, err));
    mapping->chip_sha256 = work->chip->sha256;
    for (int i = 0; i < o->set.count; i++) WEFT_TRY(weft_mapping_add_setting(mapping, o->set.items[i], err));
    WEFT_TRY(weft_mapping_write(mapping, o->out, err));
    print_summary(work, &summary, session->out);
    return o->common.json ? print_json(o, work, &summary, err) : WEFT_OK;
}

static weft_status check_mapping(const map_options *o, const weft_console *session, map_work *work, weft_error *err) {
    bool changed = false;
    weft_texts settings = {0};
    WEFT_TRY(weft_mapping_read(&work->mapping, o->network, err));
    const weft_mapping *mapping = work->mapping;
    WEFT_TRY(weft_mapped_settings(&settings, mapping, &o->set, err));
    weft_status status = weft_mapped_chip(&work->chip, &changed, mapping, &settings, err);
    free(settings.items);
    WEFT_TRY(status);
    WEFT_TRY(weft_mapped_network(&work->net, mapping, err));
    WEFT_TRY(weft_lower(&work->stages, work->net, err));
    WEFT_TRY(weft_mapping_check(mapping, work->stages, work->chip, err));
    print_table(work, session->out);
    fprintf(session->out, "%s fits %s: every weight lies in one array, no limit of a core is exceeded\n", o->network,
            work->chip->name);
    return o->common.json ? print_json(o, work, NULL, err) : WEFT_OK;
}

static weft_status check_usage(const map_options *o, weft_error *err) {
    if (o->check && (o->chip || o->out))
        return weft_error_set(err, WEFT_E_USAGE, "--check takes the mapping file alone, without %s",
                              o->chip ? "CHIP" : "--out");
    if (!o->check && !o->chip) return weft_error_set(err, WEFT_E_USAGE, "CHIP is missing: %s", map_arguments[1].help);
    if (!o->check && !o->out) return weft_error_set(err, WEFT_E_USAGE, "--out FILE is missing");
    return WEFT_OK;
}

static weft_status map_run(const void *options, const weft_console *session, weft_error *err) {
    const map_options *o = options;
    map_work work = {NULL, NULL, NULL, NULL};
    WEFT_TRY(check_usage(o, err));
    weft_status status = o->check ? check_mapping(o, session, &work, err) : make_mapping(o, session, &work, err);
    map_work_free(&work);
    return status;
}

const weft_command weft_command_map = {
    .name = "map",
    .summary = "Lay a network onto a chip, or check a mapping",
    .description = "Cuts the network's weight matrices into tiles of the chip's crossbar arrays, places the tiles on "
                   "cores and writes the "
                   "mapping as YAML. When the network does not fit, the message names the layer, the limit and what "
                   "would make it fit. "
                   "With --check, reads a mapping, also one written by hand, and tells whether it holds every weight "
                   "exactly once within "
                   "all limits.",
    .examples = "  weft map net.onnx isaac-ce -o net.map.yaml\n  weft map --check net.map.yaml\n",
    .arguments = map_arguments,
    .argument_count = (int)(sizeof map_arguments / sizeof map_arguments[0]),
    .options = map_table,
    .option_count = (int)(sizeof map_table / sizeof map_table[0]),
    .size = sizeof(map_options),
    .run = map_run,
};

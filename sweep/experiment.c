#include "sweep/experiment.h"

#include <stdlib.h>
#include <string.h>

#include "core/chip.h"
#include "sweep/experiment_internal.h"

/* ---- loading ---- */

/* Nets that no point uses go; numbers follow. */
static weft_status drop_unused_nets(weft_experiment *x, weft_error *err) {
    int *number = malloc(((size_t)x->net_count + 1) * sizeof *number), kept = 0;
    if (!number) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the experiment");
    for (int i = 0; i < x->net_count; i++) number[i] = -1;
    for (size_t p = 0; p < x->point_count; p++)
        if (x->points[p].net >= 0) number[x->points[p].net] = 0;
    for (int i = 0; i < x->net_count; i++) {
        if (number[i] < 0) continue;
        if (kept != i) x->nets[kept] = x->nets[i];
        number[i] = kept++;
    }
    x->net_count = kept;
    for (size_t p = 0; p < x->point_count; p++)
        if (x->points[p].net >= 0) x->points[p].net = number[x->points[p].net];
    free(number);
    return WEFT_OK;
}

static weft_status expand(weft_experiment *x, weft_error *err) {
    weft_status status;
    weft_loader loader = {.out = x, .yaml = &x->yaml, .err = err};
    loader.combinations = weft_combinations_create();
    if (!loader.combinations) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the experiment");
    weft_path_folder(loader.folder, sizeof loader.folder, x->path);
    WEFT_TRY_GOTO(weft_record_read(&loader.file, &weft_experiment_record, &x->yaml, x->yaml.root, err));
    WEFT_TRY_GOTO(weft_loader_keys(&loader));
    WEFT_TRY_GOTO(
        weft_loader_check_name(&loader, "an experiment", loader.file.name, weft_yaml_get(x->yaml.root, "name")));
    WEFT_TRY_GOTO(weft_loader_names(&loader));
    WEFT_TRY_GOTO(weft_loader_points(&loader));
    x->name = loader.file.name;
    x->description = loader.file.description;
    x->search.kind = loader.file.search.kind;
    x->search.samples = loader.file.search.samples;
    x->search.seed = loader.file.search.seed;
    x->search.rungs = loader.file.search.rungs;
    x->search.keep = loader.file.search.keep;
    x->search.minimise = loader.file.search.minimise;
    x->search.maximise = loader.file.search.maximise;
    WEFT_TRY_GOTO(drop_unused_nets(x, err));
cleanup:
    weft_combinations_destroy(loader.combinations);
    free(loader.chips);
    return status;
}

weft_status weft_experiment_load(weft_experiment *out, const char *path, const char *const *overrides,
                                 int override_count, weft_error *err) {
    char *text = NULL;
    size_t size = 0;
    weft_status status;
    memset(out, 0, sizeof *out);
    WEFT_TRY_GOTO(weft_data_find(out->path, sizeof out->path, "experiments", path, err));
    WEFT_TRY_GOTO(weft_file_read(&text, &size, out->path, WEFT_YAML_BYTES_MAX, err));
    WEFT_TRY_GOTO(weft_chip_hash(&out->sha256, text, size, overrides, override_count, err));
    WEFT_TRY_GOTO(weft_yaml_parse(&out->yaml, text, size, out->path, err));
    WEFT_TRY_GOTO(weft_yaml_override(&out->yaml, overrides, override_count, err));
    WEFT_TRY_GOTO(expand(out, err));
cleanup:
    free(text);
    return status;
}

void weft_experiment_destroy(weft_experiment *x) {
    free(x->nets);
    free(x->points);
    weft_yaml_destroy(&x->yaml);
    memset(x, 0, sizeof *x);
}

/* ---- and what is done with it ---- */

weft_status weft_experiment_runs(weft_experiment *x, const char *runs, weft_error *err) {
    for (int i = 0; i < x->net_count; i++) {
        weft_experiment_net *net = &x->nets[i];
        if (!net->recipe[0]) continue;
        const int length =
            snprintf(net->path, sizeof net->path, "%s/nets/%s-%.8s.onnx", runs, net->name, net->hash.hex);
        if (length < 0 || (size_t)length >= sizeof net->path)
            return weft_error_set(err, WEFT_E_INVALID, "the path of net %s in '%.200s' is too long", net->name, runs);
    }
    return WEFT_OK;
}

void weft_point_label(char *out, size_t size, const weft_point *point) {
    size_t used = 0;
    if (size) out[0] = 0;
    for (int i = 0; i < point->axis_count && used < size; i++) {
        const weft_point_axis *axis = &point->axes[i];
        used += (size_t)snprintf(out + used, size - used, "%s%s=%s", i ? " " : "", axis->key, axis->value);
    }
    if (!point->axis_count && size) snprintf(out, size, "%s", point->block);
}

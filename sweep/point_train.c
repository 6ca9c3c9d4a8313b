/* Networks that are trained when they are missing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/json.h"
#include "sweep/point_internal.h"
#include "trainer/recipe.h"

/* RUNS/nets/NAME.onnx and what lies beside it. */
typedef struct net_files {
    const weft_experiment_net *net;
    char folder[4096], checkpoint[4096], note[4096]; /* note: what made the network */
    weft_sha256 recipe;                              /* all that decides the training */
} net_files;

/* NAME.onnx -> NAME.json. */
static weft_status beside(char out[4096], const char *path, const char *ending, weft_error *err) {
    const size_t length = strlen(path), cut = length > 5 && !strcmp(path + length - 5, ".onnx") ? length - 5 : length;
    const int written = snprintf(out, 4096, "%.*s%s", (int)cut, path, ending);
    return written >= 0 && written < 4096 ? WEFT_OK
                                          : weft_error_set(err, WEFT_E_INVALID, "the path %.200s... is too long", path);
}

static weft_status hash_recipe(weft_sha256 *out, const weft_experiment_net *net, weft_error *err) {
    weft_recipe recipe;
    weft_status status = weft_recipe_load(&recipe, net->recipe, net->set, net->set_count, NULL, err);
    if (status == WEFT_OK) status = weft_recipe_hash(out, &recipe, err);
    weft_recipe_destroy(&recipe);
    return status;
}

static weft_status name_files(net_files *f, const weft_experiment_net *net, weft_error *err) {
    f->net = net;
    weft_path_folder(f->folder, sizeof f->folder, net->path);
    WEFT_TRY(beside(f->checkpoint, net->path, ".onnx.checkpoint", err));
    WEFT_TRY(beside(f->note, net->path, ".json", err));
    return hash_recipe(&f->recipe, net, err);
}

/* The note has this recipe's hash. */
static bool note_agrees(const net_files *f) {
    char *text = NULL;
    size_t size = 0;
    if (weft_file_read(&text, &size, f->note, (size_t)1 << 20, NULL) != WEFT_OK) return false;
    const bool agrees = strstr(text, f->recipe.hex) != NULL;
    free(text);
    return agrees;
}

static weft_status write_note(const net_files *f, weft_error *err) {
    weft_output output;
    WEFT_TRY(weft_output_open(&output, f->note, err));
    weft_json json = {.stream = output.stream};
    weft_json_object(&json, NULL);
    weft_json_text(&json, "net", f->net->name);
    weft_json_text(&json, "recipe", f->net->recipe);
    weft_json_array(&json, "set");
    for (int i = 0; i < f->net->set_count; i++) weft_json_text(&json, NULL, f->net->set[i]);
    weft_json_array_end(&json);
    weft_json_text(&json, "recipe_sha256", f->recipe.hex);
    weft_json_text(&json, "version", WEFT_VERSION);
    weft_json_object_end(&json);
    return weft_output_commit(&output, err);
}

/* What another recipe made is not overwritten. */
static weft_status put_aside(const char *path, weft_error *err) {
    char old[4128];
    if (!weft_path_exists(path)) return WEFT_OK;
    snprintf(old, sizeof old, "%s.old", path);
    if (rename(path, old) == 0) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot be renamed to %.300s", old);
}

/* ---- training ---- */

typedef struct listener {
    const char *name;
    void (*tell)(void *context, const char *text);
    void *context;
} listener;

static void tell_progress(void *context, const weft_train_progress *p) {
    const listener *l = context;
    char text[256];
    const double share = p->steps ? 100 * (double)p->step / (double)p->steps : 0;
    int used = snprintf(text, sizeof text, "training %.80s: epoch %d of %d, %.0f %%, loss %.4f", l->name, p->epoch,
                        p->epochs, share, p->loss);
    if (isfinite(p->test_error_percent))
        used += snprintf(text + used, sizeof text - (size_t)used, ", test error %.2f %%", p->test_error_percent);
    if (isfinite(p->remaining_s)) snprintf(text + used, sizeof text - (size_t)used, ", %.0f s left", p->remaining_s);
    l->tell(l->context, text);
}

static weft_status train(const net_files *f, bool resume, const volatile sig_atomic_t *stop, listener *l,
                         weft_error *err) {
    weft_train_result result = {0};
    const weft_train_options options = {.recipe = f->net->recipe,
                                        .output = f->net->path,
                                        .overrides = f->net->set,
                                        .override_count = f->net->set_count,
                                        .resume = resume,
                                        .stop = stop,
                                        .progress = l->tell ? tell_progress : NULL,
                                        .context = l};
    WEFT_TRY(weft_train(&result, &options, err));
    if (result.warning[0] && l->tell) l->tell(l->context, result.warning);
    return WEFT_OK;
}

weft_status weft_point_train_needed(bool *needed, const weft_experiment *experiment, int net, weft_error *err) {
    net_files f;
    *needed = false;
    if (!experiment->nets[net].recipe[0]) return WEFT_OK;
    WEFT_TRY(name_files(&f, &experiment->nets[net], err));
    *needed = !weft_path_exists(f.net->path) || !note_agrees(&f);
    return WEFT_OK;
}

/* The note goes ahead of the training, so that its checkpoint is known to be of this recipe. */
weft_status weft_point_train(const weft_experiment *experiment, int net, const volatile sig_atomic_t *stop,
                             void (*progress)(void *context, const char *text), void *context, weft_error *err) {
    net_files f;
    listener l = {experiment->nets[net].name, progress, context};
    if (!experiment->nets[net].recipe[0]) return WEFT_OK;
    WEFT_TRY(name_files(&f, &experiment->nets[net], err));
    const bool agrees = note_agrees(&f);
    if (agrees && weft_path_exists(f.net->path)) return WEFT_OK;
    WEFT_TRY(weft_folder_create(f.folder, err));
    WEFT_TRY(put_aside(f.net->path, err));
    if (!agrees) WEFT_TRY(put_aside(f.checkpoint, err));
    if (!agrees) WEFT_TRY(write_note(&f, err));
    return train(&f, agrees && weft_path_exists(f.checkpoint), stop, &l, err);
}

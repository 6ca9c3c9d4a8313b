/* What several subcommands need. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "core/augment.h"
#include "core/onnx.h"

double weft_now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void weft_eta_text(char out[24], double start_s, double share) {
    const double left = (weft_now_s() - start_s) * (1 - share) / share;
    snprintf(out, 24, "%.0f:%02.0f", floor(left / 60), floor(fmod(left, 60)));
}

weft_status weft_result_open(weft_result *out, const char *path, weft_error *err) {
    memset(out, 0, sizeof *out);
    out->standard = !strcmp(path, "-");
    if (!out->standard) WEFT_TRY(weft_output_open(&out->file, path, err));
    out->json.stream = out->standard ? stdout : out->file.stream;
    return WEFT_OK;
}

weft_status weft_result_commit(weft_result *result, weft_error *err) {
    if (!result->standard) return weft_output_commit(&result->file, err);
    if (fflush(stdout) || ferror(stdout)) return weft_error_set(err, WEFT_E_IO, "standard output: writing failed");
    return WEFT_OK;
}

weft_status weft_output_probe(const char *path, weft_error *err) {
    if (!path || !strcmp(path, "-")) return WEFT_OK;
    if (weft_path_is_folder(path))
        return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot be written: it is a folder");
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* opening a pipe to close it again ends its reader */
        if (access(path, W_OK) == 0) return WEFT_OK;
        return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot be written: %s", strerror(errno));
    }
    weft_output output;
    WEFT_TRY(weft_output_open(&output, path, err));
    weft_output_abort(&output);
    return WEFT_OK;
}

weft_status weft_chain_from_texts(weft_transform_chain *chain, const weft_texts *texts, weft_error *err) {
    memset(chain, 0, sizeof *chain);
    for (int i = 0; i < texts->count; i++) WEFT_TRY(weft_transform_chain_parse(chain, texts->items[i], err));
    return WEFT_OK;
}

void weft_chain_text(char *out, size_t out_size, const weft_transform_chain *chain, bool given) {
    if (given)
        weft_transform_chain_format(chain, out, out_size);
    else
        snprintf(out, out_size, "as deployed");
}

weft_status weft_recalibrate_parse(size_t *images, const char *text, weft_error *err) {
    *images = 0;
    if (!text || !strcmp(text, "none")) return WEFT_OK;
    if (!strcmp(text, "all")) {
        *images = WEFT_RECALIBRATE_ALL;
        return WEFT_OK;
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || value > 1000000000)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--recalibrate: \"%.80s\" is neither a number of training images nor all nor none", text);
    *images = (size_t)value;
    return WEFT_OK;
}

static weft_status count_training(size_t *count, const weft_dataset *train, const char *dataset, const char *option,
                                  weft_error *err) {
    if (*count == WEFT_RECALIBRATE_ALL) *count = train->count;
    if (*count == 0) *count = train->count < WEFT_CALIBRATION_IMAGES ? train->count : WEFT_CALIBRATION_IMAGES;
    if (*count <= train->count) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "%s %zu: data set %.200s has %zu training images", option, *count,
                          dataset, train->count);
}

weft_status weft_training_images(float **x, size_t *count, weft_network *net, const char *dataset, const char *option,
                                 weft_error *err) {
    weft_status status = WEFT_OK;
    weft_dataset *train = NULL;
    *x = NULL;
    WEFT_TRY_GOTO(weft_dataset_open(&train, dataset, WEFT_SPLIT_TRAIN, err));
    WEFT_TRY_GOTO(count_training(count, train, dataset, option, err));
    WEFT_TRY_GOTO(weft_network_check_dataset(net, train, err));
    WEFT_TRY_GOTO(weft_network_bind(net, train, err));
    *x = malloc(*count * weft_shape_size(train->shape) * sizeof **x);
    if (!*x) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu images", *count));
    WEFT_TRY_GOTO(weft_dataset_training_inputs(train, net, *count, *x, err));
cleanup:
    weft_dataset_destroy(train);
    if (status != WEFT_OK) {
        free(*x);
        *x = NULL;
    }
    return status;
}

weft_status weft_mapped_settings(weft_texts *out, const weft_mapping *mapping, const weft_texts *set, weft_error *err) {
    out->count = 0;
    out->items = malloc(((size_t)mapping->setting_count + (size_t)set->count + 1) * sizeof *out->items);
    if (!out->items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the chip's settings");
    for (int i = 0; i < mapping->setting_count; i++) out->items[out->count++] = mapping->settings[i];
    for (int i = 0; i < set->count; i++) out->items[out->count++] = set->items[i];
    return WEFT_OK;
}

static weft_status check_hash(const weft_mapping *mapping, const char *what, const char *path, const weft_sha256 *now,
                              const weft_sha256 *then, weft_error *err) {
    if (!strcmp(now->hex, then->hex)) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_CHECKSUM, path, 0, 0,
                             "not the %s that %.300s was made for, so map again: SHA-256 %s, not %s", what,
                             mapping->path, now->hex, then->hex);
}

weft_status weft_mapped_chip(weft_chip **out, bool *changed, const weft_mapping *mapping, const weft_texts *settings,
                             weft_error *err) {
    *changed = settings->count > mapping->setting_count;
    WEFT_TRY(weft_chip_load(out, mapping->chip_path, settings->items, mapping->setting_count, err));
    WEFT_TRY(check_hash(mapping, "chip", mapping->chip_path, &(*out)->sha256, &mapping->chip_sha256, err));
    if (!*changed) return WEFT_OK;
    weft_chip_destroy(*out);
    *out = NULL;
    return weft_chip_load(out, mapping->chip_path, settings->items, settings->count, err);
}

weft_status weft_mapped_network(weft_network **out, const weft_mapping *mapping, weft_error *err) {
    weft_sha256 hash;
    WEFT_TRY(weft_sha256_file(&hash, mapping->network_path, err));
    WEFT_TRY(check_hash(mapping, "network", mapping->network_path, &hash, &mapping->network_sha256, err));
    return weft_onnx_read(out, mapping->network_path, err);
}

static volatile sig_atomic_t stop_flag;

static void on_stop(int number) {
    (void)number;
    stop_flag = 1;
}

const volatile sig_atomic_t *weft_stop_install(void) {
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &stop_flag;
}

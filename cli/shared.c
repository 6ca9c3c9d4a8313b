/* What several subcommands need. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"

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
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || value > 1000000000)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--recalibrate: \"%.80s\" is neither a number of training images nor none", text);
    *images = (size_t)value;
    return WEFT_OK;
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

/* What several subcommands need. */
#include <math.h>
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

void weft_print_clock(FILE *stream, double seconds) {
    const long long s = isfinite(seconds) && seconds > 0 ? (long long)(seconds + 0.5) : 0;
    if (s >= 3600)
        fprintf(stream, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stream, "%lld:%02lld", s / 60, s % 60);
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

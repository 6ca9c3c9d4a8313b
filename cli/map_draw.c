#include <string.h>

#include "cli/map.h"

/* "a.svg" of part 2: "a-2.svg". */
static weft_status part_path(char *out, size_t size, const char *path, int part, weft_error *err) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    int length = (int)strlen(path),
        stem = dot && dot != path && (!slash || dot > slash + 1) ? (int)(dot - path) : length;
    int wrote =
        part == 0 ? snprintf(out, size, "%s", path) : snprintf(out, size, "%.*s-%d%s", stem, path, part, path + stem);
    if (wrote >= 0 && (size_t)wrote < size) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "the path %.200s... is too long", path);
}

weft_status weft_map_draw_parts(const weft_map_work *work, const char *path, weft_map_draw_part *drawing,
                                weft_error *err) {
    char name[4096];
    for (int part = 0; path && part < work->mapping->parts; part++) {
        weft_output output;
        WEFT_TRY(part_path(name, sizeof name, path, part, err));
        WEFT_TRY(weft_output_open(&output, name, err));
        weft_status status = drawing(work->mapping, work->stages, work->chip, part, output.stream, err);
        if (status != WEFT_OK) {
            weft_output_abort(&output);
            return status;
        }
        WEFT_TRY(weft_output_commit(&output, err));
    }
    return WEFT_OK;
}

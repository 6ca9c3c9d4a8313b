/* IDX, the form of MNIST and its relatives: big-endian 32-bit words {0x0000TTDD (type, number of extents), extents...},
 * bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dataset_forms.h"
#include "core/file.h"

enum {
    MAGIC_IMAGES = 0x803, /* unsigned bytes, three extents */
    MAGIC_LABELS = 0x801, /* unsigned bytes, one extent */
    EXTENT_MAX = 4096,
    CLASSES = 10
};
#define BYTES_MAX ((size_t)2047 << 20)

static const char *const stems[2] = {"train", "t10k"};

static bool file_find(char *path, size_t size, const char *folder, const char *stem, const char *what) {
    static const char *const joints[] = {"-", "."};
    static const char *const ends[] = {"", ".gz"};
    for (int j = 0; j < 2; j++)
        for (int e = 0; e < 2; e++) {
            char name[64];
            snprintf(name, sizeof name, "%s-%s%s%s-ubyte%s", stem, what, joints[j], what[0] == 'i' ? "idx3" : "idx1",
                     ends[e]);
            if (weft_path_join(path, size, folder, name, NULL) == WEFT_OK && weft_path_exists(path)) return true;
        }
    return false;
}

static bool idx_present(const char *folder) {
    char path[4096];
    for (int s = 0; s < 2; s++)
        if (file_find(path, sizeof path, folder, stems[s], "images") ||
            file_find(path, sizeof path, folder, stems[s], "labels"))
            return true;
    return false;
}

static uint32_t word(const char *data, size_t index) {
    const uint8_t *b = (const uint8_t *)data + 4 * index;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Header of `extents` extents, then exactly their product of bytes, which is moved to the block's start. */
static weft_status idx_read(char **out, uint32_t *extent, int extents, uint32_t magic, const char *path,
                            weft_error *err) {
    size_t size = 0, header = 4 * ((size_t)extents + 1);
    WEFT_TRY(weft_file_read_gz(out, &size, path, BYTES_MAX, err));
    if (size < header)
        return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "offset %zu: short file: the header needs %zu bytes",
                                 size, header);
    if (word(*out, 0) != magic)
        return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0,
                                 "offset 0: wrong magic number 0x%08" PRIx32 "; 0x%08" PRIx32 " is expected",
                                 word(*out, 0), magic);
    uint64_t count = 1;
    for (int i = 0; i < extents; i++) {
        extent[i] = word(*out, (size_t)i + 1);
        uint32_t most = i ? EXTENT_MAX : WEFT_DATASET_IMAGES_MAX;
        if (extent[i] < 1 || extent[i] > most)
            return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0,
                                     "offset %d: extent %" PRIu32 " is not between 1 and %" PRIu32, 4 * (i + 1),
                                     extent[i], most);
        count *= extent[i];
    }
    if (size - header != count)
        return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0,
                                 "offset %zu: %s file: %" PRIu64 " bytes are expected after the header, %zu are there",
                                 size, size - header < count ? "short" : "overlong", count, size - header);
    memmove(*out, *out + header, (size_t)count);
    return WEFT_OK;
}

static weft_status labels_check(const uint8_t *labels, size_t count, const char *path, weft_error *err) {
    for (size_t i = 0; i < count; i++)
        if (labels[i] >= CLASSES)
            return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "offset %zu: label %d is not below %d", 8 + i,
                                     labels[i], CLASSES);
    return WEFT_OK;
}

static weft_status file_need(char *path, size_t size, const char *folder, weft_split split, const char *what,
                             weft_error *err) {
    const char *stem = stems[split == WEFT_SPLIT_TEST];
    if (file_find(path, size, folder, stem, what)) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_IO, folder, 0, 0, "%s-%s-idx%d-ubyte[.gz] is missing", stem, what,
                             what[0] == 'i' ? 3 : 1);
}

static weft_status idx_load(weft_dataset *set, const char *folder, weft_split split, weft_error *err) {
    char images[4096], labels[4096];
    char *pixels = NULL, *classes = NULL;
    uint32_t extent[3] = {0}, label_count = 0;
    WEFT_TRY(file_need(images, sizeof images, folder, split, "images", err));
    WEFT_TRY(file_need(labels, sizeof labels, folder, split, "labels", err));
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(idx_read(&classes, &label_count, 1, MAGIC_LABELS, labels, err));
    WEFT_TRY_GOTO(labels_check((const uint8_t *)classes, label_count, labels, err));
    WEFT_TRY_GOTO(idx_read(&pixels, extent, 3, MAGIC_IMAGES, images, err));
    if (extent[0] != label_count) {
        status = weft_error_set_at(err, WEFT_E_PARSE, images, 0, 0,
                                   "offset 4: %" PRIu32 " images, but %" PRIu32 " labels in %s", extent[0], label_count,
                                   labels);
        goto cleanup;
    }
    set->shape = (weft_shape){1, (int)extent[1], (int)extent[2]};
    set->classes = CLASSES;
    set->count = label_count;
    set->pixels = (uint8_t *)pixels;
    set->labels = (uint8_t *)classes;
    return WEFT_OK;
cleanup:
    free(pixels);
    free(classes);
    return status;
}

static bool idx_file(char *path, size_t size, const char *folder, int number) {
    if (number >= 4) return false;
    if (!file_find(path, size, folder, stems[number / 2], number % 2 ? "labels" : "images")) path[0] = '\0';
    return true;
}

const weft_dataset_form weft_dataset_form_idx = {"idx", idx_present, idx_load, idx_file};

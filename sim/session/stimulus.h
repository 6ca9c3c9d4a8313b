/* What goes into a spiking network: spikes of lists and cameras, images of data sets as spikes, random spikes, currents
 * of arrays. Messages call things as the options of `weft sim` and `weft run` do. */
#ifndef WEFT_SIM_SESSION_STIMULUS_H
#define WEFT_SIM_SESSION_STIMULUS_H

#include "core/dataset.h"
#include "core/network.h"
#include "core/npy.h"
#include "core/snn.h"
#include "core/spike_coding.h"
#include "sim/report/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Spikes of a network's layer for the first images, of image s at tick s; caller frees. trainer/trainer.h has one. */
typedef weft_status weft_layer_spikes_call(weft_spikes *out, const weft_network *net, int layer,
                                           const weft_dataset *set, uint64_t images, weft_error *err);

/* Where stimuli come from: exactly one of spikes, aer, dataset, input, random. Lives as long as the stimulus. */
typedef struct weft_stimulus_source {
    const char *spikes;      /* CSV file (core/spikes.h) */
    const char *aer;         /* events of a camera of camera[0] columns and camera[1] rows */
    const char *dataset;     /* its test images, as `coding` says */
    const char *input;       /* .npy of values [ticks, inputs] or [samples, ticks, inputs] */
    bool random;             /* every input at the coding's rate */
    int camera[2];           /* of aer */
    weft_coding coding;      /* of images and random spikes; its tick_s is this one's */
    uint64_t list_ticks;     /* of spikes and aer; 0: up to the last one */
    uint64_t images;         /* 0: all; of random 1 */
    double tick_s;           /* of the network's time */
    bool currents;           /* images may be currents; a chip takes spikes alone */
    const weft_dataset *set; /* the data set's test images where they are open already, borrowed; NULL: opened */
    /* A network of layers, for its images: their spikes are layer `layer`'s, a tick each, as layers() says; NULL: none.
     * Its preprocessing is bound to the data set. */
    weft_network *net;
    int layer;
    weft_layer_spikes_call *layers;
    int threads; /* that make spikes; 0: all */
} weft_stimulus_source;

/* Samples, each of as many ticks. */
typedef struct weft_stimulus {
    const weft_stimulus_source *source;
    uint64_t samples, ticks; /* ticks of a sample */
    uint32_t inputs;         /* values a tick */
    weft_spikes spikes;      /* of all samples */
    weft_npy array;          /* of input: [samples, ticks, inputs]; then there are no spikes */
    float *values;           /* of images as currents: [samples, inputs], every tick the same; likewise */
    const weft_dataset *set; /* NULL: no images */
    weft_dataset *own_set;   /* that was opened here */
    bool coded;              /* source->coding has a meaning */
    uint64_t merged;         /* spikes that fell on others in their tick */
} weft_stimulus;

/* Everything but the spikes of images and random ones. INVALID where it does not fit the network. Close also after a
 * failure. */
weft_status weft_stimulus_open(weft_stimulus *out, const weft_stimulus_source *source, const weft_snn *snn,
                               weft_error *err);
/* The spikes, sample s from tick s x ticks on. */
weft_status weft_stimulus_make(weft_stimulus *stimulus, weft_error *err);
void weft_stimulus_close(weft_stimulus *stimulus); /* a zeroed one is allowed */
/* "30 images of set, bernoulli at 100 Hz". */
void weft_stimulus_text(char *out, size_t size, const weft_stimulus *stimulus);
void weft_stimulus_json(weft_json *json, const weft_stimulus *stimulus);

#ifdef __cplusplus
}
#endif
#endif

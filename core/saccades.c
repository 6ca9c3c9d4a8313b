#include "core/saccades.h"

#include <stdlib.h>

enum { PLACES = 1024 };                  /* of the camera in a pixel, each way */
#define SCALE ((int64_t)PLACES * PLACES) /* of brightness: a bilinear mean is exact */

typedef struct camera {
    const weft_coding *coding;
    int width, height;
    int64_t *grey;         /* [height, width], channels' sum */
    int64_t *level, *seen; /* [height, width] of what pixels remember and saw last, times SCALE and channels */
    int64_t threshold;     /* the same unit */
    uint64_t first_tick;
    weft_spikes *out;
    weft_error *err;
} camera;

/* Place along the triangle, in 1 / PLACES pixels. */
static void place(int64_t out[2], const weft_coding *coding, int64_t time_us) {
    const int64_t side = time_us / coding->saccade_us % 3, a = (int64_t)coding->amplitude_px * PLACES;
    const int64_t corners[3][2] = {{0, 0}, {-a / 2, a}, {a / 2, a}};
    for (int i = 0; i < 2; i++) {
        const int64_t from = corners[side][i], to = corners[(side + 1) % 3][i];
        out[i] = from + (to - from) * (time_us % coding->saccade_us) / coding->saccade_us;
    }
}

static int64_t grey_at(const camera *c, int64_t x, int64_t y) {
    return x < 0 || y < 0 || x >= c->width || y >= c->height ? 0 : c->grey[y * c->width + x];
}

/* What lies at (x, y) pixels plus `at`. */
static int64_t look(const camera *c, int64_t x, int64_t y, const int64_t at[2]) {
    int64_t whole[2], rest[2];
    for (int i = 0; i < 2; i++) {
        rest[i] = (at[i] % PLACES + PLACES) % PLACES;
        whole[i] = (at[i] - rest[i]) / PLACES;
    }
    x += whole[0];
    y += whole[1];
    const int64_t top = grey_at(c, x, y) * (PLACES - rest[0]) + grey_at(c, x + 1, y) * rest[0];
    const int64_t bottom = grey_at(c, x, y + 1) * (PLACES - rest[0]) + grey_at(c, x + 1, y + 1) * rest[0];
    return top * (PLACES - rest[1]) + bottom * rest[1];
}

/* Events of a pixel whose brightness went from `seen` to `now` in the step that ends at time_us. */
static weft_status see(camera *c, int64_t pixel, int64_t now, int64_t time_us) {
    const int64_t before = c->seen[pixel], step_us = c->coding->step_us, plane = (int64_t)c->width * c->height;
    const bool brighter = now > before;
    const int64_t move = brighter ? c->threshold : -c->threshold;
    while (brighter ? now - c->level[pixel] >= move : now - c->level[pixel] <= move) {
        c->level[pixel] += move;
        /* the level has not been reached before this step, unless the pixel turned; both differences have one sign */
        const int64_t way = now - before, part = c->level[pixel] - before;
        const double at_us = (double)(time_us - step_us + part * step_us / way);
        WEFT_TRY(weft_spikes_add(c->out, c->first_tick + weft_spikes_tick_of(at_us * 1e-6, c->coding->tick_s),
                                 (uint32_t)((brighter ? plane : 0) + pixel), c->err));
    }
    c->seen[pixel] = now;
    return WEFT_OK;
}

static weft_status move(camera *c) {
    int64_t at[2];
    for (int64_t time_us = 0; time_us <= 3 * c->coding->saccade_us; time_us += c->coding->step_us) {
        place(at, c->coding, time_us);
        for (int64_t y = 0, pixel = 0; y < c->height; y++)
            for (int64_t x = 0; x < c->width; x++, pixel++) {
                const int64_t now = look(c, x, y, at);
                if (time_us == 0)
                    c->level[pixel] = c->seen[pixel] = now;
                else if (now != c->seen[pixel])
                    WEFT_TRY(see(c, pixel, now, time_us));
            }
    }
    return WEFT_OK;
}

weft_status weft_saccades_add(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, weft_shape shape,
                              uint64_t first_tick, weft_error *err) {
    const size_t plane = (size_t)shape.height * (size_t)shape.width;
    camera c = {.coding = coding,
                .width = shape.width,
                .height = shape.height,
                .first_tick = first_tick,
                .out = out,
                .err = err};
    c.threshold = (int64_t)coding->threshold * shape.channels * SCALE;
    c.grey = calloc(3 * plane + 1, sizeof *c.grey);
    if (!c.grey) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu pixels", plane);
    c.level = c.grey + plane;
    c.seen = c.level + plane;
    for (size_t i = 0; i < plane * (size_t)shape.channels; i++) c.grey[i % plane] += pixels[i];
    const weft_status status = move(&c);
    free(c.grey);
    return status;
}

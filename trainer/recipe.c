#include "trainer/recipe.h"

#include <math.h>
#include <string.h>

/* ---- load ---- */

static weft_status recipe_read(weft_recipe *out, const char *path, const char *const *overrides, int override_count,
                               const char *dataset, weft_error *err) {
    weft_yaml yaml = {0};
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(weft_yaml_load(&yaml, path, err));
    WEFT_TRY_GOTO(weft_yaml_override(&yaml, overrides, override_count, err));
    if (dataset != NULL) WEFT_TRY_GOTO(weft_yaml_set(&yaml, "dataset", dataset, err));
    WEFT_TRY_GOTO(weft_record_read(out, &weft_recipe_record, &yaml, yaml.root, err));
cleanup:
    out->yaml = yaml;
    return status;
}

weft_status weft_recipe_load(weft_recipe *out, const char *name, const char *const *overrides, int override_count,
                             const char *dataset, weft_error *err) {
    char path[4096];
    memset(out, 0, sizeof *out);
    WEFT_TRY(weft_data_find(path, sizeof path, "recipes", name, err));
    return recipe_read(out, path, overrides, override_count, dataset, err);
}

void weft_recipe_destroy(weft_recipe *recipe) {
    weft_yaml_destroy(&recipe->yaml);
    memset(recipe, 0, sizeof *recipe);
}

/* ---- schedules ---- */

double weft_recipe_clip(const weft_recipe *recipe, size_t step) {
    const weft_recipe_growth *growth = &recipe->clip_growth;
    double clip = recipe->clip;
    for (size_t i = 0; i < growth->at.count && growth->at.items[i] <= (double)step; i++) clip *= growth->factor;
    return clip;
}

double weft_recipe_learning_rate(const weft_recipe *recipe) {
    const void *value = recipe->optimiser.value;
    if (recipe->optimiser.index == WEFT_OPTIMISER_ADAM) return ((const weft_recipe_adam *)value)->learning_rate;
    return ((const weft_recipe_sgd *)value)->learning_rate;
}

/* 1 at the peak, 0 at the end; linear in time before and after. */
static double triangle(double position, double warm_up) {
    if (position < warm_up) return position / warm_up;
    return warm_up < 1 ? (1 - position) / (1 - warm_up) : 1;
}

double weft_recipe_scheduled_rate(const weft_recipe *recipe, size_t step, size_t steps, size_t per_epoch) {
    const weft_recipe_schedule *s = recipe->schedule.value;
    double peak = weft_recipe_learning_rate(recipe), position = ((double)step + 0.5) / (double)steps;
    switch (recipe->schedule.index) {
    case WEFT_SCHEDULE_EXPONENTIAL: {
        double epoch = floor((double)step / (double)per_epoch), epochs = (double)steps / (double)per_epoch;
        return peak > 0 ? peak * pow(s->end / peak, epoch / epochs) : 0;
    }
    case WEFT_SCHEDULE_ONE_CYCLE:
    case WEFT_SCHEDULE_COSINE: {
        double height = triangle(position, s->warm_up);
        if (position < s->warm_up) return peak * height;
        if (recipe->schedule.index == WEFT_SCHEDULE_COSINE) height = 0.5 - 0.5 * cos(3.14159265358979323846 * height);
        return s->end + (peak - s->end) * height;
    }
    default:
        return peak;
    }
}

/* Networks along a training. */
#include "core/onnx.h"
#include "trainer/session.h"

static bool is_due(const weft_session *s, size_t epoch) {
    size_t wanted = (size_t)s->options->snapshots, epochs = (size_t)s->recipe.epochs;
    return epoch * wanted / epochs != (epoch - 1) * wanted / epochs;
}

weft_status weft_snapshot_write(weft_session *s, weft_error *err) {
    char path[4096];
    size_t epoch = s->step / s->per_epoch;
    if (s->options->snapshots <= 0 || !is_due(s, epoch)) return WEFT_OK;
    int length = snprintf(path, sizeof path, "%s.epoch%zu.onnx", s->options->output, epoch);
    if (length < 0 || (size_t)length >= sizeof path)
        return weft_error_set(err, WEFT_E_INVALID, "the output's name is too long for snapshots");
    weft_model_swap_averages(&s->model);
    weft_status status = weft_model_deploy(&s->model, err);
    if (status == WEFT_OK) status = weft_onnx_write(s->model.net, path, err);
    weft_model_swap_averages(&s->model);
    return status;
}

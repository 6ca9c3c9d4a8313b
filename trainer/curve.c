#include "trainer/session.h"

weft_status weft_curve_write(const weft_session *s, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, s->curve, err));
    fputs("epoch,step,learning_rate,train_loss,train_error_percent,test_error_percent,seconds\n", out.stream);
    for (size_t i = 0; i < s->row_count; i++) {
        const weft_curve_row *r = &s->rows[i];
        fprintf(out.stream, "%.0f,%.0f,%.9g,%.9g,%.4f,%.4f,%.3f\n", r->epoch, r->step, r->learning_rate, r->train_loss,
                r->train_error_percent, r->test_error_percent, r->seconds);
    }
    return weft_output_commit(&out, err);
}

/* What weft sim tells: files, table, JSON. */
#include "cli/sim.h"

static weft_report_input report_input(const weft_sim *sim, const weft_report_timed *timed) {
    return (weft_report_input){.chip = sim->chip,
                               .mapping = sim->mapping,
                               .stages = sim->stages,
                               .engine = sim->engine,
                               .traffic = sim->traffic,
                               .network_name = sim->net->name,
                               .dataset = sim->test->name,
                               .transform = sim->transform,
                               .images = sim->images,
                               .correct = sim->correct[0],
                               .recalibrate = sim->recalibrate,
                               .seed = sim->options->seed,
                               .draw = sim->options->draw,
                               .overrides = sim->settings.items,
                               .override_count = sim->settings.count,
                               .confusion = sim->confusion,
                               .timed = timed,
                               .trials = sim->trials,
                               .trial_correct = sim->correct,
                               .statistics = sim->statistics,
                               .statistics_images = sim->statistics_images};
}

static weft_status print_json(const weft_sim *sim, const weft_report_input *input, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, sim->options->common.json, err));
    weft_status status = weft_report_print_json(input, out.json.stream, err);
    if (status == WEFT_OK) return weft_result_commit(&out, err);
    if (!out.standard) weft_output_abort(&out.file);
    return status;
}

weft_status weft_sim_report(const weft_sim *sim, const weft_report_timed *timed, weft_error *err) {
    const weft_sim_options *o = sim->options;
    const weft_report_input input = report_input(sim, timed);
    weft_report_figures figures;
    WEFT_TRY(weft_report_write(&input, o->out, &figures, err));
    WEFT_TRY(weft_report_print(&input, sim->session->out, err));
    fprintf(sim->session->out, "%-16s %s\n", "report", o->out);
    if (o->common.json) WEFT_TRY(print_json(sim, &input, err));
    if (!figures.failed_check) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "self-check %s failed; %.400s/report.json has the figures",
                          figures.failed_check, o->out);
}

/* What weft sim tells: files, table, JSON. */
#include "cli/sim.h"

weft_status weft_sim_check_json(const weft_sim_job *job, weft_error *err) {
    static const char *const names[] = {"report.json", "report.html",   "layers.csv",    "energy.csv",
                                        "cores.csv",   "links.csv",     "power.csv",     "resources.csv",
                                        "trials.csv",  "confusion.csv", "histograms.csv"};
    const weft_sim *sim = &job->sim;
    const char *json = job->options->common.json;
    char path[4096];
    WEFT_TRY(weft_output_apart("json", json, "the network", sim->mapping->network_path, err));
    WEFT_TRY(weft_output_apart("json", json, "the chip", sim->chip->path, err));
    WEFT_TRY(weft_output_apart("json", json, "the chip's table", sim->chip->program_table_path, err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        WEFT_TRY(weft_path_join(path, sizeof path, job->options->out, names[i], err));
        WEFT_TRY(weft_output_apart("json", json, "a file of the report", path, err));
    }
    return WEFT_OK;
}

static weft_status print_json(const weft_sim_options *o, const weft_report_input *input, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_status status = weft_report_print_json(input, out.json.stream, err);
    if (status == WEFT_OK) return weft_result_commit(&out, err);
    if (!out.standard) weft_output_abort(&out.file);
    return status;
}

weft_status weft_sim_report(const weft_sim_job *job, const weft_report_timed *timed, weft_error *err) {
    const weft_sim_options *o = job->options;
    const weft_report_input input = weft_sim_report_input(&job->sim, timed);
    weft_report_figures figures;
    WEFT_TRY(weft_report_write(&input, o->out, &figures, err));
    WEFT_TRY(weft_report_print(&input, job->session->out, err));
    fprintf(job->session->out, "%-16s %s\n", "report", o->out);
    if (o->common.json) WEFT_TRY(print_json(o, &input, err));
    if (!figures.failed_check) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "self-check %s failed; %.400s/report.json has the figures",
                          figures.failed_check, o->out);
}

#include "cli/sim_spiking.h"

static weft_status print_json(const weft_spike_report *report, const char *path, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, path, err));
    weft_json_object(&out.json, NULL);
    weft_spike_report_members(report, &out.json);
    weft_json_number(&out.json, "simulation_seconds", report->seconds);
    weft_json_text(&out.json, "version", WEFT_VERSION);
    weft_json_object_end(&out.json);
    return weft_result_commit(&out, err);
}

weft_status weft_sim_spiking_apart(const weft_sim_options *o, const char *network, const weft_chip *chip,
                                   weft_error *err) {
    char path[4096];
    WEFT_TRY(weft_output_apart("json", o->common.json, "the network", network, err));
    WEFT_TRY(weft_output_apart("json", o->common.json, "the chip", chip->path, err));
    for (int i = 0; o->out && weft_spike_report_files[i]; i++) {
        WEFT_TRY(weft_path_join(path, sizeof path, o->out, weft_spike_report_files[i], err));
        WEFT_TRY(weft_output_apart("json", o->common.json, "a file of the report", path, err));
    }
    return WEFT_OK;
}

weft_status weft_sim_spiking_tell(const weft_spike_report *report, const weft_sim_options *o,
                                  const weft_console *session, weft_error *err) {
    const char *raster = o->spiking.raster && weft_path_ends(o->spiking.raster, ".svg") ? o->spiking.raster : NULL;
    bool drawn = true;
    weft_spike_report_print(report, session->out);
    if (o->out) {
        WEFT_TRY(weft_spike_report_write(&drawn, report, o->out, raster, err));
        fprintf(session->out, "%-16s %s\n", "report", o->out);
    }
    if (!drawn && !o->common.quiet) fputs("no activity.svg: gnuplot is missing or failed\n", session->err);
    return o->common.json ? print_json(report, o->common.json, err) : WEFT_OK;
}

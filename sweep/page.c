#include "sweep/page.h"

#include <stdlib.h>
#include <string.h>

#include "sweep/page_internal.h"

/* ---- figures ---- */

static weft_status script_of(char **script, size_t *size, weft_plot_format format, const weft_page_figure *figure,
                             const weft_store_table *table, weft_error *err) {
    FILE *f = open_memstream(script, size);
    if (!f) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    weft_page_figure_print(f, format, figure, table);
    return fclose(f) == 0 ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
}

static weft_status name_of(char path[4096], const char *folder, const weft_page_figure *figure, const char *suffix,
                           weft_error *err) {
    char name[160];
    snprintf(name, sizeof name, "%s%s", figure->name, suffix);
    return weft_path_join(path, 4096, folder, name, err);
}

static weft_status draw_svg(weft_page_figure *figure, const weft_store_table *table, const char *folder,
                            weft_error *err) {
    char path[4096], *script = NULL;
    size_t size = 0;
    WEFT_TRY(name_of(path, folder, figure, ".svg", err));
    weft_status status = script_of(&script, &size, WEFT_PLOT_SVG, figure, table, err);
    if (status == WEFT_OK) status = weft_plot_svg(&figure->svg, script, size, folder, err);
    if (status == WEFT_OK && figure->svg) status = weft_file_write(path, figure->svg, strlen(figure->svg), err);
    free(script);
    return status;
}

static weft_status draw_png(const weft_page_figure *figure, const weft_store_table *table, const char *folder,
                            weft_error *err) {
    char path[4096], *script = NULL;
    size_t size = 0;
    bool drawn = false;
    WEFT_TRY(name_of(path, folder, figure, ".png", err));
    weft_status status = script_of(&script, &size, WEFT_PLOT_PNG, figure, table, err);
    if (status == WEFT_OK) status = weft_plot_write(&drawn, path, script, size, err);
    free(script);
    return status;
}

static weft_status draw_all(weft_page_figures *figures, const weft_store_table *table, const char *folder,
                            void (*tell)(void *context, const char *text), void *context, weft_error *err) {
    for (int i = 0; i < figures->count; i++) {
        WEFT_TRY(draw_svg(&figures->items[i], table, folder, err));
        if (figures->items[i].svg) {
            WEFT_TRY(draw_png(&figures->items[i], table, folder, err));
            continue;
        }
        if (tell) tell(context, "gnuplot was not found or failed: the page has no figures");
        return WEFT_OK;
    }
    return WEFT_OK;
}

/* ---- Pareto metrics: what the experiment has of error, energy, latency and area ---- */

static bool varies(const weft_store_table *table, const weft_page_blocks *blocks, int metric) {
    for (int b = 0; b < blocks->count; b++)
        if (weft_page_varies(table, &blocks->items[b], metric)) return true;
    return false;
}

static int front_metrics(int out[8], const weft_store_table *table, const weft_page_blocks *blocks) {
    const bool total = varies(table, blocks, WEFT_METRIC_ENERGY);
    const int wanted[] = {WEFT_METRIC_ERROR, total ? WEFT_METRIC_ENERGY : WEFT_METRIC_ENERGY_DYNAMIC,
                          WEFT_METRIC_LATENCY, WEFT_METRIC_AREA};
    int count = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (varies(table, blocks, wanted[i])) out[count++] = wanted[i];
    return count;
}

/* ---- files ---- */

static weft_status write_html(const weft_store_table *table, const weft_page_blocks *blocks,
                              const weft_page_figures *figures, const weft_page_options *options, weft_error *err) {
    char path[4096];
    int metrics[8];
    weft_output out;
    const int count = front_metrics(metrics, table, blocks);
    bool *front = calloc(table->count + 1, sizeof *front);
    weft_status status = front ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", table->count);
    if (status == WEFT_OK && count > 1) status = weft_pareto(front, table, metrics, count, err);
    if (status == WEFT_OK) status = weft_path_join(path, sizeof path, options->folder, "index.html", err);
    if (status == WEFT_OK) status = weft_output_open(&out, path, err);
    if (status == WEFT_OK) {
        status = weft_page_html(out.stream, table, blocks, figures, front, metrics, count,
                                options->title ? options->title : table->experiment, err);
        if (status == WEFT_OK)
            status = weft_output_commit(&out, err);
        else
            weft_output_abort(&out);
    }
    free(front);
    return status;
}

weft_status weft_page_write(const weft_store_table *table, const weft_page_options *options,
                            void (*tell)(void *context, const char *text), void *context, weft_error *err) {
    weft_page_blocks blocks = {0};
    weft_page_figures figures = {0};
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(weft_folder_create(options->folder, err));
    WEFT_TRY_GOTO(weft_page_blocks_make(&blocks, table, err));
    WEFT_TRY_GOTO(weft_page_figures_choose(&figures, table, &blocks, err));
    WEFT_TRY_GOTO(draw_all(&figures, table, options->folder, tell, context, err));
    WEFT_TRY_GOTO(write_html(table, &blocks, &figures, options, err));
cleanup:
    weft_page_figures_free(&figures);
    weft_page_blocks_free(&blocks);
    return status;
}

#include "sim/systemc/cosim.h"

#include <cmath>
#include <cstdlib>

#include "sim/systemc/chip.hpp"

/* SystemC's library has a main of its own that wants this; weft's main is the one that runs. */
int sc_main(int, char **) { return EXIT_FAILURE; }

const char *weft_cosim_systemc_version(void) {
    static const std::string version = std::to_string(sc_core::sc_version_major) + "." +
                                       std::to_string(sc_core::sc_version_minor) + "." +
                                       std::to_string(sc_core::sc_version_patch);
    return version.c_str();
}

template <typename T> static bool allocate(T *&out, size_t count) {
    out = static_cast<T *>(std::calloc(count ? count : 1, sizeof(T)));
    return out != nullptr;
}

static weft_cosim_result *create_result(const weft_chip *chip, const weft_stages *stages, size_t images) {
    size_t stage_count = static_cast<size_t>(stages->count);
    weft_cosim_result *r = nullptr;
    if (!allocate(r, 1)) return nullptr;
    bool good =
        allocate(r->logits, images * static_cast<size_t>(stages->classes)) && allocate(r->image_start, images) &&
        allocate(r->image_end, images) && allocate(r->stage_events, stage_count + 1) &&
        allocate(r->cores, static_cast<size_t>(chip->core_count)) && allocate(r->stage_busy_cycles, stage_count) &&
        allocate(r->link_flits, static_cast<size_t>(chip->router_count) * 4);
    if (good) return r;
    weft_cosim_result_destroy(r);
    return nullptr;
}

void weft_cosim_result_destroy(weft_cosim_result *result) {
    if (!result) return;
    std::free(result->logits);
    std::free(result->image_start);
    std::free(result->image_end);
    std::free(result->stage_events);
    std::free(result->cores);
    std::free(result->stage_busy_cycles);
    std::free(result->link_flits);
    std::free(result);
}

/* The kernel keeps quiet: failures come back as exceptions, everything else is dropped. */
static void silence_kernel() {
    setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 0);
    using sc_core::sc_report_handler;
    sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DO_NOTHING);
    sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);
    sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
}

static weft_status simulate(weft::Context &context, const char *record) {
    try {
        silence_kernel();
        weft::Chip chip("chip", context, record);
        if (context.failed()) return context.error.status;
        sc_core::sc_start(); /* until nothing is left to happen */
        if (context.failed()) return context.error.status;
        return chip.finish(&context.error);
    } catch (const std::bad_alloc &) {
        return weft_error_set(&context.error, WEFT_E_MEMORY, "timed run: out of memory");
    } catch (const std::exception &e) {
        return weft_error_set(&context.error, WEFT_E_INTERNAL, "timed run: %s", e.what());
    }
}

static weft_status check_options(const weft_engine *engine, const weft_mapping *mapping,
                                 const weft_cosim_options *options, weft_error *err) {
    static bool used = false;
    if (options->images == 0) return weft_error_set(err, WEFT_E_INVALID, "timed run: 0 images, at least 1 is needed");
    if (mapping->parts > 1)
        return weft_error_set(
            err, WEFT_E_UNSUPPORTED,
            "timed run: the mapping has %d parts, which run one after the other; only mappings of one "
            "part can be timed",
            mapping->parts);
    if (!weft_engine_has_ranges(engine))
        return weft_error_set(err, WEFT_E_INVALID, "timed run: the engine's ranges are unknown, calibrate first");
    if (used) return weft_error_set(err, WEFT_E_INVALID, "timed run: a process can run the SystemC kernel only once");
    used = true;
    return WEFT_OK;
}

weft_status weft_cosim_run(weft_cosim_result **out, const weft_engine *engine, const weft_chip *chip,
                           const weft_mapping *mapping, const weft_stages *stages, const weft_traffic *traffic,
                           const float *x, const weft_cosim_options *options, weft_error *err) {
    *out = nullptr;
    WEFT_TRY(check_options(engine, mapping, options, err));
    weft_cosim_result *result = create_result(chip, stages, options->images);
    if (!result) return weft_error_set(err, WEFT_E_MEMORY, "timed run: out of memory for the result");
    weft::Context context{};
    context.engine = engine, context.chip = chip, context.mapping = mapping, context.stages = stages;
    context.traffic = traffic, context.x = x, context.images = options->images, context.result = result;
    context.end = UINT64_MAX, context.stop = options->stop;
    context.stall_limit = options->stall_limit ? options->stall_limit : 1000000;
    /* Rounded up; the small number keeps 100 ns / 0.1 ns from becoming 1001. */
    context.digital_latency = static_cast<uint64_t>(std::ceil(chip->core.digital_ns.value / chip->cycle_ns - 1e-9));
    weft_status status = simulate(context, options->record);
    if (status == WEFT_OK) {
        *out = result;
        return WEFT_OK;
    }
    if (err) *err = context.error;
    weft_cosim_result_destroy(result);
    return status;
}

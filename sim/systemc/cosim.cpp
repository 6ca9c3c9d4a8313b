#include "sim/systemc/cosim.h"

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

void weft_cosim_result_destroy(weft_cosim_result *result) {
    if (!result) return;
    std::free(result->logits);
    weft_timing_destroy(result->timing);
    std::free(result->stalls);
    std::free(result);
}

static weft_status create_result(weft_cosim_result **out, const weft::Context &c, weft_error *err) {
    auto *r = static_cast<weft_cosim_result *>(std::calloc(1, sizeof **out));
    if (r)
        r->logits = static_cast<float *>(std::calloc(c.images * static_cast<size_t>(c.stages->classes), sizeof(float)));
    if (r)
        r->stalls =
            static_cast<weft_stalls *>(std::calloc(static_cast<size_t>(c.stages->count) + 1, sizeof *r->stalls));
    const bool good = r && r->logits && r->stalls;
    weft_status status = good
                             ? weft_timing_create(&r->timing, c.images, c.stages->count, c.chips() * c.chip->core_count,
                                                  c.chips() * c.chip->router_count, err)
                             : weft_error_set(err, WEFT_E_MEMORY, "timed run: out of memory for the result");
    if (status != WEFT_OK) {
        weft_cosim_result_destroy(r);
        return status;
    }
    std::fill_n(r->timing->image_start, c.images, UINT64_MAX);
    *out = r;
    return WEFT_OK;
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

static weft_status simulate(weft::Context &context, weft_trace **trace) {
    try {
        silence_kernel();
        weft::Recorder recorder(context, trace);
        weft::Wiring wiring(context);
        context.recorder = &recorder, context.wiring = &wiring;
        weft::Machine machine(context);
        machine.run();
        if (context.failed()) return context.error.status;
        return machine.finish(&context.error);
    } catch (const std::bad_alloc &) {
        return weft_error_set(&context.error, WEFT_E_MEMORY, "timed run: out of memory");
    } catch (const weft::Failure &e) {
        return weft_error_set(&context.error, e.status, "%s", e.what());
    } catch (const std::exception &e) {
        return weft_error_set(&context.error, WEFT_E_INTERNAL, "timed run: %s", e.what());
    }
}

static weft_status check_options(const weft_engine *engine, const weft_chip *chip, const weft_mapping *mapping,
                                 const weft_cosim_options *options, weft_error *err) {
    static bool used = false;
    if (options->images == 0) return weft_error_set(err, WEFT_E_INVALID, "timed run: 0 images, at least 1 is needed");
    if (options->trace && mapping->parts > 1 && mapping->chips > 1)
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "timed run: the mapping has %d parts on %d chips; a trace is of one chip", mapping->parts,
                              mapping->chips);
    if (chip->clock.kind == WEFT_CLOCK_TICK && mapping->parts > 1)
        return weft_error_set(
            err, WEFT_E_UNSUPPORTED,
            "timed run: clock.kind tick needs the whole network on the chip at once, the mapping has %d parts",
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
    if (options->trace) *options->trace = nullptr;
    WEFT_TRY(check_options(engine, chip, mapping, options, err));
    weft::Context context{};
    context.engine = engine, context.chip = chip, context.mapping = mapping, context.stages = stages;
    context.traffic = traffic, context.x = x, context.images = options->images;
    context.end = UINT64_MAX, context.stop = options->stop, context.options = options;
    context.stall_limit = options->stall_limit ? options->stall_limit : 1000000;
    context.bounded = !chip->core.unbounded_buffers && chip->clock.kind != WEFT_CLOCK_TICK;
    context.spare = !options->reserved_only;
    weft_cosim_result *result = nullptr;
    WEFT_TRY(create_result(&result, context, err));
    context.logits = result->logits, context.timing = result->timing, context.stalls = result->stalls;
    weft_status status = simulate(context, options->trace);
    if (status == WEFT_OK) {
        *out = result;
        return WEFT_OK;
    }
    if (err) *err = context.error;
    if (options->trace) {
        weft_trace_destroy(*options->trace);
        *options->trace = nullptr;
    }
    weft_cosim_result_destroy(result);
    return status;
}

#include "sim/systemc/chip.hpp"

#include <algorithm>
#include <set>

namespace weft {

Chip::Chip(sc_core::sc_module_name name, Context &context, const char *record)
    : sc_core::sc_module(name), context_(context), batch_(context), mesh_("mesh", context, record),
      host_("host", context) {
    host_.network.bind(mesh_);
    mesh_.attach(context.chip->host_terminal, &host_);
    add_cores();
}

void Context::index_blocks() {
    for (int s = 0; s < stages->count; s++) {
        copy_blocks.emplace_back(static_cast<size_t>(weft_mapped_stage_copies(&mapped(s))));
        for (int b = 0; b < mapped(s).block_count; b++)
            copy_blocks.back()[static_cast<size_t>(mapped(s).blocks[b].copy)].push_back(b);
    }
}

void Chip::add_cores() {
    context_.index_blocks();
    std::set<int> numbers;
    for (int s = 0; s < context_.stages->count; s++) {
        const weft_mapped_stage &mapped = context_.mapped(s);
        for (int t = 0; t < mapped.tile_count; t++) numbers.insert(mapped.tiles[t].core);
        for (int b = 0; b < mapped.block_count; b++) numbers.insert(mapped.blocks[b].core);
    }
    int input_readers = 0;
    for (int number : numbers) {
        std::string name = "core_" + std::to_string(number);
        cores_.push_back(std::make_unique<Core>(name.c_str(), context_, number, batch_, host_));
        cores_.back()->network.bind(mesh_);
        mesh_.attach(number, cores_.back().get());
        input_readers += cores_.back()->input_readers();
    }
    host_.set_input_readers(input_readers);
}

/* Nothing can happen any more, and yet something is missing. */
weft_status Chip::report_stall(weft_error *err) const {
    std::string text = host_.describe();
    int named = 0;
    for (const auto &core : cores_) {
        std::string waits = core->describe();
        if (waits.empty()) continue;
        if (++named > 4) {
            text += "; and more";
            break;
        }
        text += (text.empty() ? "" : "; ") + waits;
    }
    return weft_error_set(err, WEFT_E_INTERNAL, "timed run: nothing happens after cycle %llu: %s",
                          static_cast<unsigned long long>(now()), text.c_str());
}

weft_status Chip::finish(weft_error *err) {
    bool idle = std::all_of(cores_.begin(), cores_.end(), [](const auto &core) { return core->describe().empty(); });
    if (!host_.done() || !idle) return report_stall(err);
    WEFT_TRY(mesh_.finish(err));
    for (auto &core : cores_) core->finish();
    const weft_cosim_result &r = *context_.result;
    context_.result->cycles = *std::max_element(r.image_end, r.image_end + context_.images) - r.image_start[0];
    return WEFT_OK;
}

} // namespace weft

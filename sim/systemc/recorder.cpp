#include "sim/systemc/recorder.hpp"

#include <algorithm>

namespace weft {

void Recorder::keep(weft_status status) const {
    if (status != WEFT_OK) throw Failure(context_.error);
}

int Recorder::add_server(weft_server_kind kind, int terminal, int part, int stage, int copy, int units) {
    servers_.push_back({kind, terminal, part, stage, copy, units});
    return static_cast<int>(servers_.size()) - 1;
}

void Recorder::begin() {
    if (!on()) return;
    std::vector<const char *> names;
    for (int s = 0; s < context_.stages->count; s++) names.push_back(context_.stage(s).name);
    weft_trace_header header{};
    const weft_chip *chip = context_.chip;
    header.chip = chip->name;
    header.mapping = context_.mapping->path[0] ? context_.mapping->path : nullptr;
    header.network = context_.mapping->network_path[0] ? context_.mapping->network_path : nullptr;
    header.chip_sha256 = chip->sha256;
    header.terminals = chip->core_count + 1, header.host = chip->host_terminal;
    header.mesh[0] = static_cast<int>(chip->noc.mesh[0]), header.mesh[1] = static_cast<int>(chip->noc.mesh[1]);
    header.concentration = static_cast<int>(chip->noc.concentration);
    header.server_count = static_cast<int>(servers_.size()), header.servers = servers_.data();
    header.stage_count = context_.stages->count, header.stages = names.data();
    header.images = context_.images;
    header.cycle_ns = chip->cycle_ns;
    keep(weft_trace_create(out_, &header, &context_.error));
}

/* Ascending, each once; of one record the later moment. */
void Recorder::tidy(Moments &moments) {
    std::sort(moments.begin(), moments.end());
    moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
    while (!moments.empty() && moments.back() == never) moments.pop_back();
}

uint64_t Recorder::operation(int server, uint64_t amount, int stage, uint64_t image, const Moments &after,
                             const weft_service &service) {
    after_ = after;
    tidy(after_);
    weft_trace_operation o{};
    uint64_t number = 0;
    o.server = server, o.amount = amount, o.stage = stage, o.image = static_cast<int64_t>(image);
    o.after = after_.data(), o.after_count = static_cast<int>(after_.size());
    o.start = service.start, o.finish = service.finish;
    keep(weft_trace_add_operation(*out_, &o, &number, &context_.error));
    return number;
}

uint64_t Recorder::packet(int source, const int *targets, int count, weft_packet_kind kind, int values, int stage,
                          uint64_t image, const Moments &after) {
    if (!on()) return 0;
    after_ = after;
    tidy(after_);
    weft_trace_packet p{};
    uint64_t number = 0;
    p.source = source, p.targets = targets, p.target_count = 1;
    p.kind = kind, p.values = values, p.stage = stage, p.image = static_cast<int64_t>(image);
    p.after = after_.data(), p.after_count = static_cast<int>(after_.size());
    p.start = now(), p.finish = UINT64_MAX;
    keep(weft_trace_add_packet(*out_, &p, &number, &context_.error));
    p.joined = true, p.after_count = 0;
    for (int i = 1; i < count; i++) {
        p.targets = targets + i;
        keep(weft_trace_add_packet(*out_, &p, nullptr, &context_.error));
    }
    return number;
}

void Recorder::finished(Moments *out) {
    if (!on()) return;
    const uint64_t count = weft_trace_count(*out_);
    for (uint64_t r = finished_; out && r < count; r++) out->push_back(weft_trace_when(r, WEFT_TRACE_FINISH));
    finished_ = count;
}

void Recorder::delivered(uint64_t record) {
    if (on()) weft_trace_set_finish(*out_, record, now());
}

} // namespace weft

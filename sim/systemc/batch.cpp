#include "sim/systemc/batch.hpp"

namespace weft {

/* Every pulse on every column of cells; a tile whose converters lose nothing is one wider product (measured: 8 units a
 * weight). */
static int64_t tile_work(const Context &context, int stage, int tile) {
    const weft_tile &t = context.mapped(stage).tiles[tile];
    int64_t weights = int64_t{t.row_end - t.row_begin} * (t.column_end - t.column_begin);
    if (weft_engine_stage(context.engine, stage).exact_adc) return weights * 8;
    return weights * context.chip->pulses * context.chip->columns_per_weight;
}

int64_t Batch::find_jobs() {
    int64_t work = 0;
    jobs_.clear();
    for (Product *p : pending_)
        for (size_t t = 0; t < p->tiles->size(); t++) {
            work += tile_work(context_, p->stage, (*p->tiles)[t]);
            jobs_.push_back({p, t});
        }
    return work;
}

void Batch::evaluate() {
    const int64_t work = find_jobs();
    const weft_engine *engine = context_.engine;
    const Job *jobs = jobs_.data();
    const long count = static_cast<long>(jobs_.size());
#pragma omp parallel for schedule(dynamic) if (work >= region_work)
    for (long i = 0; i < count; i++) {
        Product &p = *jobs[i].product;
        const size_t t = jobs[i].tile;
        weft_engine_tile_window(engine, p.stage, (*p.tiles)[t], p.image, p.window.data(), p.y, p.x,
                                p.codes.data() + (*p.offset)[t]);
    }
    for (Product *p : pending_) {
        p->evaluated = true;
        p->window = {};
    }
    pending_.clear();
}

} // namespace weft

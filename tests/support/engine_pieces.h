// A network computed through the engine's pieces, to hold its whole runs against.
#ifndef WEFT_TESTS_SUPPORT_ENGINE_PIECES_H
#define WEFT_TESTS_SUPPORT_ENGINE_PIECES_H

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/model/engine.h"

// One image through the pieces, as cores of the timed chip call them: tile by tile, block by block, position by
// position, every copy at its own positions.
class Pieces {
  public:
    Pieces(const weft_engine *e, const weft_stages *stages, const weft_mapping *mapping)
        : e_(e), stages_(*stages), mapping_(*mapping) {}

    // number: of the image, for read noise.
    std::vector<float> image(const float *x, uint64_t number = 0) {
        number_ = number;
        sent_.assign(1, std::vector<int32_t>(weft_shape_size(stages_.input)));
        weft_engine_quantise_input(e_, x, sent_[0].data());
        for (int s = 0;; s++) {
            const std::vector<float> out = stage(s);
            if (s + 1 == stages_.count) return out;
            sent_.emplace_back(out.size());
            weft_engine_quantise(e_, s, out.data(), static_cast<int>(out.size()), sent_.back().data());
        }
    }

  private:
    weft_shape shape_of(int source) const { return source < 0 ? stages_.input : stages_.items[source].out; }
    static size_t at(weft_shape shape, int y, int x) { return static_cast<size_t>(y * shape.width + x); }

    // Channels [begin, end) of a port's map, [height, width, end - begin].
    std::vector<int32_t> port_map(const weft_port &port, int begin, int end) const {
        const size_t n = static_cast<size_t>(end - begin), positions = at(port.shape, port.shape.height, 0);
        std::vector<int32_t> map(positions * n, -77777);
        for (int i = 0; i < port.source_count; i++) {
            const weft_source &source = port.sources[i];
            for (int c = 0; c < source.channels; c++)
                for (size_t p = 0; p < positions && source.begin + c >= begin && source.begin + c < end; p++)
                    map[p * n + static_cast<size_t>(source.begin + c - begin)] =
                        sent_[static_cast<size_t>(source.stage + 1)]
                             [p * static_cast<size_t>(shape_of(source.stage).channels) + static_cast<size_t>(c)];
        }
        return map;
    }
    bool computes(int s, int op, int copy, int y, int x) const {
        const weft_stage &st = stages_.items[s];
        const weft_mapped_stage &m = mapping_.stages[s];
        if (weft_mapped_stage_copies(&m) == 1) return true;
        return weft_mapped_stage_copy(&m, weft_stage_owner(&st, op, 0, y), weft_stage_owner(&st, op, 1, x)) == copy;
    }

    std::vector<float> stage(int s) {
        const weft_stage &st = stages_.items[s];
        const weft_mapped_stage &m = mapping_.stages[s];
        std::vector<float> out(weft_shape_size(st.out), NAN);
        for (int b = 0; b < m.block_count; b++) {
            const weft_output_block &block = m.blocks[b];
            const std::vector<float> part = block_output(s, block);
            const size_t n = static_cast<size_t>(block.column_end - block.column_begin);
            for (int y = 0; y < st.out.height; y++)
                for (int x = 0; x < st.out.width; x++)
                    if (computes(s, st.op_count, block.copy, y, x))
                        std::copy_n(&part[at(st.out, y, x) * n], n,
                                    &out[at(st.out, y, x) * static_cast<size_t>(st.out.channels) +
                                         static_cast<size_t>(block.column_begin)]);
        }
        return out;
    }

    // What the block's first operation works on; NAN where another copy computes.
    std::vector<float> block_input(int s, const weft_output_block &block) {
        const weft_stage &st = stages_.items[s];
        const int begin = block.column_begin, end = block.column_end;
        const size_t n = static_cast<size_t>(end - begin);
        const std::vector<int32_t> q =
            st.has_matrix ? port_map(st.ports[0], 0, st.in.channels) : port_map(st.ports[0], begin, end);
        std::vector<float> map(at(st.matrix_out, st.matrix_out.height, 0) * n, NAN);
        for (int y = 0; y < st.matrix_out.height; y++)
            for (int x = 0; x < st.matrix_out.width; x++) {
                const size_t p = at(st.matrix_out, y, x);
                if (!computes(s, 0, block.copy, y, x)) continue;
                if (st.has_matrix)
                    weft_engine_dequantise(e_, s, begin, end, block_sums(s, block, q, y, x).data(), &map[p * n]);
                else
                    weft_engine_port(e_, s, 0, begin, end, &q[p * n], &map[p * n]);
            }
        return map;
    }

    std::vector<float> block_output(int s, const weft_output_block &block) {
        const weft_stage &st = stages_.items[s];
        const int begin = block.column_begin, end = block.column_end;
        const size_t n = static_cast<size_t>(end - begin);
        std::vector<float> map = block_input(s, block);
        for (int o = 0; o < st.op_count; o++) {
            const weft_digital_op &op = st.ops[o];
            std::vector<float> next(at(op.out, op.out.height, 0) * n, NAN), addend(n);
            std::vector<int32_t> terms;
            if (op.kind == WEFT_DIGITAL_ADD) terms = port_map(st.ports[op.port], begin, end);
            for (int y = 0; y < op.out.height; y++)
                for (int x = 0; x < op.out.width; x++) {
                    const size_t p = at(op.out, y, x);
                    if (!computes(s, o + 1, block.copy, y, x)) continue;
                    if (op.kind == WEFT_DIGITAL_ADD)
                        weft_engine_port(e_, s, op.port, begin, end, &terms[p * n], addend.data());
                    weft_engine_digital(e_, s, o, begin, end, map.data(), addend.data(), y, x, &next[p * n]);
                }
            map = next;
        }
        return map;
    }

    std::vector<int64_t> block_sums(int s, const weft_output_block &block, const std::vector<int32_t> &q, int y,
                                    int x) {
        const weft_mapped_stage &m = mapping_.stages[s];
        std::vector<int64_t> sums(static_cast<size_t>(block.column_end - block.column_begin));
        for (int t = 0; t < m.tile_count; t++) {
            const weft_tile &tile = m.tiles[t];
            if (tile.copy != block.copy || tile.column_begin < block.column_begin || tile.column_end > block.column_end)
                continue;
            std::vector<int64_t> codes(static_cast<size_t>(tile.column_end - tile.column_begin), -12345);
            weft_engine_tile(e_, s, t, number_, q.data(), y, x, codes.data());
            for (size_t c = 0; c < codes.size(); c++)
                sums[c + static_cast<size_t>(tile.column_begin - block.column_begin)] += codes[c];
        }
        return sums;
    }

    const weft_engine *e_;
    uint64_t number_ = 0;
    const weft_stages &stages_;
    const weft_mapping &mapping_;
    std::vector<std::vector<int32_t>> sent_; // by stage + 1
};

#endif

// Random mappings, made without the mapper: copies, several parts, several blocks a copy, tiles of any size on any
// core. The chip is given what the mapping needs (array size, arrays a core, buffer), its mesh stays.
#ifndef WEFT_TESTS_SUPPORT_RANDOM_MAPPING_H
#define WEFT_TESTS_SUPPORT_RANDOM_MAPPING_H

#include <map>

#include "tests/support/mapping_fixture.h"

namespace weft_test {

/* begin = first edge < ... < last = end; as many pieces as the dice say, at most `most`. */
inline std::vector<int> random_cuts(dice &d, int begin, int end, int most) {
    std::vector<int> edges = {begin, end};
    for (int i = d.between(0, most - 1); i > 0 && end - begin > 1; i--) edges.push_back(d.between(begin + 1, end - 1));
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    return edges;
}

class mapping_builder {
  public:
    mapping_builder(dice &d, const weft_stages *stages, weft_chip *chip, int parts)
        : d_(d), stages_(stages), chip_(chip), parts_(parts), mapping_(empty_mapping(stages, parts)) {}

    mapping_ptr build(int copies) {
        for (int s = 0; s < stages_->count; s++) map_stage(s, copies);
        drop_empty_parts();
        fit_chip();
        return std::move(mapping_);
    }

  private:
    void map_stage(int s, int most) {
        const weft_stage &stage = stages_->items[s];
        const bool local = weft_stage_is_local(&stage);
        weft_mapped_stage &mapped = mapping_->stages[s];
        if (local) choose_copies(&mapped, stage.out, most);
        const int copies_y = mapped.copies_y, copies_x = mapped.copies_x;
        const int first = first_part(stage);
        std::vector<weft_output_block> blocks;
        std::vector<weft_tile> tiles;
        last_part_.push_back(first);
        for (int copy = 0; copy < copies_y * copies_x; copy++) {
            const std::vector<int> edges = random_cuts(d_, 0, stage.columns, 3);
            for (size_t i = 0; i + 1 < edges.size(); i++) {
                const int part = d_.between(0, 3) ? first : d_.between(first, parts_ - 1);
                last_part_[s] = std::max(last_part_[s], part);
                blocks.push_back(block_at(core(), edges[i], edges[i + 1], part, copy));
                if (stage.has_matrix) cut_block(stage, blocks.back(), &tiles);
            }
        }
        set_stage(mapping_.get(), s, blocks, tiles, copies_y, copies_x);
    }
    /* Rectangular, or with a shift that leaves no copy idle. */
    void choose_copies(weft_mapped_stage *mapped, weft_shape out, int most) {
        mapped->copies_y = d_.between(1, std::min(most, out.height));
        mapped->copies_x = d_.between(1, std::min(most, out.width));
        if (d_.between(0, 1)) return;
        const int rows = (out.height + mapped->copies_y - 1) / mapped->copies_y;
        const int copies = d_.between(1, std::min(2 * most, rows * out.width));
        std::vector<int> work((size_t)(mapped->copies_y * copies));
        weft_mapped_stage shifted = *mapped;
        shifted.copies_x = copies;
        shifted.shift = d_.between(0, copies - 1);
        for (int y = 0; y < out.height; y++)
            for (int x = 0; x < out.width; x++) work[(size_t)weft_mapped_stage_copy(&shifted, y, x)]++;
        if (std::count(work.begin(), work.end(), 0)) return;
        mapped->copies_x = copies;
        mapped->shift = shifted.shift;
    }
    int core() { return d_.between(0, chip_->core_count - 1); }
    /* Not before what the stage reads. */
    int first_part(const weft_stage &stage) {
        int first = d_.between(0, 2) ? 0 : d_.between(0, parts_ - 1);
        for (int p = 0; p < stage.port_count; p++)
            for (int i = 0; i < stage.ports[p].source_count; i++)
                if (stage.ports[p].sources[i].stage >= 0)
                    first = std::max(first, last_part_[(size_t)stage.ports[p].sources[i].stage]);
        return first;
    }
    void cut_block(const weft_stage &stage, const weft_output_block &block, std::vector<weft_tile> *tiles) {
        const int rows = weft_stage_group_rows(&stage), columns = weft_stage_group_columns(&stage);
        const std::vector<int> across = random_cuts(d_, block.column_begin, block.column_end, 3);
        for (size_t i = 0; i + 1 < across.size(); i++) {
            const int begin = across[i] / columns * rows, end = ((across[i + 1] - 1) / columns + 1) * rows;
            const std::vector<int> down = random_cuts(d_, begin, end, 4);
            for (size_t k = 0; k + 1 < down.size(); k++) {
                const int on = core();
                tiles->push_back(tile_at(on, arrays_[{block.part, on}]++, down[k], down[k + 1], across[i],
                                         across[i + 1], block.part, block.copy));
            }
        }
    }
    void drop_empty_parts() {
        std::map<int, int> number;
        for (int s = 0; s < mapping_->stage_count; s++)
            for (int b = 0; b < mapping_->stages[s].block_count; b++) number[mapping_->stages[s].blocks[b].part] = 0;
        int next = 0;
        for (auto &entry : number) entry.second = next++;
        for (int s = 0; s < mapping_->stage_count; s++) {
            weft_mapped_stage &stage = mapping_->stages[s];
            for (int b = 0; b < stage.block_count; b++) stage.blocks[b].part = number[stage.blocks[b].part];
            for (int t = 0; t < stage.tile_count; t++) stage.tiles[t].part = number[stage.tiles[t].part];
        }
        mapping_->parts = next;
        mapping_->chips = d_.between(1, next);
    }
    void fit_chip() {
        chip_->array.rows = chip_->array.columns = chip_->array.per_core = 1;
        for (const auto &used : arrays_) chip_->array.per_core = std::max<int64_t>(chip_->array.per_core, used.second);
        for (int s = 0; s < mapping_->stage_count; s++)
            for (int t = 0; t < mapping_->stages[s].tile_count; t++) {
                const weft_tile &tile = mapping_->stages[s].tiles[t];
                chip_->array.rows = std::max<int64_t>(chip_->array.rows, tile.row_end - tile.row_begin);
                chip_->array.columns = std::max<int64_t>(
                    chip_->array.columns, (int64_t)(tile.column_end - tile.column_begin) * chip_->columns_per_weight);
            }
        chip_->core.buffer_bytes = 1 << 24;
        weft_chip_resolve(chip_);
    }
    dice &d_;
    const weft_stages *stages_;
    weft_chip *chip_;
    int parts_;
    mapping_ptr mapping_;
    std::vector<int> last_part_;
    std::map<std::pair<int, int>, int> arrays_; /* taken, by part and core */
};

/* At most that many parts, and copies along each axis. */
inline mapping_ptr random_mapping(dice &d, const weft_stages *stages, weft_chip *chip, int parts = 3, int copies = 3) {
    return mapping_builder(d, stages, chip, d.between(1, parts)).build(copies);
}

} // namespace weft_test
#endif

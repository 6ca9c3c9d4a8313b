// Packets of random mappings of random networks with branches: who needs what by the definition in traffic.h, position
// by position and weight row by weight row, and every packet and event counted one by one.
#include <set>

#include "tests/support/random_mapping.h"
#include "tests/support/random_network.h"

using namespace weft_test;

namespace {

constexpr int CASES = 300;

using reader_key = std::tuple<int, int, int, int, int>; /* part, core, stage, port, copy */

/* The output position that `at` becomes part of: of every pool the last window that begins at or before it. */
int owner(const weft_stage &stage, int op, bool down, int at) {
    for (; op < stage.op_count; op++) {
        const weft_digital_op &o = stage.ops[op];
        if (o.kind != WEFT_DIGITAL_MAX_POOL && o.kind != WEFT_DIGITAL_AVERAGE_POOL) continue;
        int window = (down ? o.out.height : o.out.width) - 1;
        const int stride = down ? o.window.stride_h : o.window.stride_w,
                  pad = down ? o.window.pad_top : o.window.pad_left;
        while (window > 0 && window * stride - pad > at) window--;
        at = window;
    }
    return at;
}

class replay {
  public:
    replay(const weft_mapping *mapping, const weft_stages *stages, const weft_chip &chip)
        : mapping_(mapping), stages_(stages), chip_(chip), traffic_(make_traffic(mapping, stages, &chip)) {
        needs_.resize((size_t)stages->count + 1);
        for (int s = -1; s < stages->count; s++) needs_[(size_t)s + 1].resize(weft_shape_size(out_of(s)));
        for (int s = 0; s < stages->count; s++) read_stage(s);
    }

    void expect_agreement() {
        weft_traffic_totals sum = {};
        for (int s = -1; s < stages_->count; s++) {
            events_ = {};
            total_ = {};
            if (s >= 0) count_stage(s);
            for (int b = 0; b < (s < 0 ? 1 : mapping_->stages[s].block_count); b++) count_output(s, b);
            const weft_event_counts expected = weft_traffic_events(traffic_.get(), s);
            for (int i = 0; i < WEFT_EVENT_COUNT; i++)
                ASSERT_EQ(events_.n[i], expected.n[i]) << "stage " << s << " event " << weft_events[i].id;
            const weft_traffic_totals totals = weft_traffic_stage_total(traffic_.get(), s);
            ASSERT_EQ(total_.packets, totals.packets) << s;
            ASSERT_EQ(total_.flits, totals.flits) << s;
            ASSERT_EQ(total_.flit_hops, totals.flit_hops) << s;
            sum.packets += total_.packets, sum.flits += total_.flits, sum.flit_hops += total_.flit_hops;
        }
        ASSERT_EQ(weft_traffic_total(traffic_.get()).packets, sum.packets);
        ASSERT_EQ(weft_traffic_total(traffic_.get()).flits, sum.flits);
        ASSERT_EQ(weft_traffic_total(traffic_.get()).flit_hops, sum.flit_hops);
        expect_flows();
    }
    size_t local = 0, by_host = 0, copied = 0, shifted = 0, waits = 0; /* what the cases had */
    size_t trees = 0, cut = 0, copies = 0;                             /* likewise: to several terminals */

  private:
    weft_shape out_of(int s) const { return s < 0 ? stages_->input : stages_->items[s].out; }
    std::set<reader_key> &need(int s, int channel, int y, int x) {
        const weft_shape out = out_of(s);
        return needs_[(size_t)s + 1]
                     [((size_t)y * (size_t)out.width + (size_t)x) * (size_t)out.channels + (size_t)channel];
    }
    /* The reader needs that channel of the port's map there. */
    void add_need(const weft_port &port, int channel, int y, int x, const reader_key &reader) {
        for (int i = 0; i < port.source_count; i++) {
            const weft_source &source = port.sources[i];
            if (channel >= source.begin && channel < source.begin + source.channels)
                need(source.stage, channel - source.begin, y, x).insert(reader);
        }
    }
    int copy_of(int s, int op, int y, int x) const {
        const weft_mapped_stage &mapped = mapping_->stages[s];
        if (weft_mapped_stage_copies(&mapped) == 1) return 0;
        const int oy = owner(stages_->items[s], op, true, y), ox = owner(stages_->items[s], op, false, x);
        return oy % mapped.copies_y * mapped.copies_x + (ox + mapped.shift * (oy / mapped.copies_y)) % mapped.copies_x;
    }
    void read_stage(int s) {
        const weft_stage &stage = stages_->items[s];
        if (stage.has_matrix) read_matrix(s);
        for (int p = stage.has_matrix ? 1 : 0; p < stage.port_count; p++) read_blocks(s, p);
    }
    void read_matrix(int s) {
        const weft_stage &stage = stages_->items[s];
        const weft_mapped_stage &mapped = mapping_->stages[s];
        const weft_window &w = stage.window;
        for (int oy = 0; oy < stage.matrix_out.height; oy++)
            for (int ox = 0; ox < stage.matrix_out.width; ox++)
                for (int t = 0; t < mapped.tile_count; t++) {
                    const weft_tile &tile = mapped.tiles[t];
                    if (tile.copy != copy_of(s, 0, oy, ox)) continue;
                    for (int row = tile.row_begin; row < tile.row_end; row++) {
                        const int tap = weft_stage_row_tap(&stage, row);
                        const int y = oy * w.stride_h + tap / w.kernel_w * w.dilation_h - w.pad_top;
                        const int x = ox * w.stride_w + tap % w.kernel_w * w.dilation_w - w.pad_left;
                        if (y < 0 || x < 0 || y >= stage.in.height || x >= stage.in.width) continue;
                        add_need(stage.ports[0], weft_stage_row_channel(&stage, row), y, x,
                                 {tile.part, tile.core, s, 0, tile.copy});
                    }
                }
    }
    void read_blocks(int s, int p) {
        const weft_stage &stage = stages_->items[s];
        const weft_port &port = stage.ports[p];
        for (int y = 0; y < port.shape.height; y++)
            for (int x = 0; x < port.shape.width; x++)
                for (int b = 0; b < mapping_->stages[s].block_count; b++) {
                    const weft_output_block &block = mapping_->stages[s].blocks[b];
                    if (block.copy != copy_of(s, p == 0 ? 0 : port.op, y, x)) continue;
                    for (int c = block.column_begin; c < block.column_end; c++)
                        add_need(port, c, y, x, {block.part, block.core, s, p, block.copy});
                }
    }

    /* ---- sending ---- */

    void send(int part, weft_packet_kind kind, int from, int to, int values) {
        const weft_event_counts events = weft_traffic_packet_events(traffic_.get(), kind, from, to, values);
        weft_event_counts_add(&events_, &events);
        if (from == to) return;
        const int64_t bits =
            kind == WEFT_PACKET_INPUT || kind == WEFT_PACKET_ACTIVATION ? chip_.input.bits : chip_.io.partial_bits;
        const int64_t flits = std::max<int64_t>(1, (chip_.noc.header_bits + values * bits + chip_.noc.flit_bits - 1) /
                                                       chip_.noc.flit_bits);
        total_.packets++;
        total_.flits += (uint64_t)flits;
        total_.flit_hops += (uint64_t)(flits * weft_chip_hops(&chip_, from, to));
        weft_flow &flow = flows_[{part, from, to}];
        flow.packets++;
        flow.flits += (uint64_t)flits;
    }
    int64_t flits_of(int64_t values) const {
        return std::max<int64_t>(1, (chip_.noc.header_bits + values * chip_.input.bits + chip_.noc.flit_bits - 1) /
                                        chip_.noc.flit_bits);
    }
    /* Links of all routers' paths, each once. */
    size_t tree_links(int from, const std::vector<int> &to) const {
        const int width = (int)chip_.noc.mesh[0];
        std::set<std::pair<int, int>> links;
        for (int target : to) {
            int at = weft_chip_router(&chip_, from);
            const int end = weft_chip_router(&chip_, target);
            while (at != end) {
                const int dx = end % width - at % width, dy = end / width - at / width;
                const bool along_x = chip_.noc.routing == WEFT_CHIP_YX ? dy == 0 : dx != 0;
                const int next = along_x ? at + (dx > 0 ? 1 : -1) : at + (dy > 0 ? width : -width);
                links.insert({at, next});
                at = next;
            }
        }
        return links.size();
    }
    /* Pieces in which the values go to all of them as trees; 0: a packet to each. */
    int send_trees(int part, int from, const std::vector<int> &to, int values) {
        if (!chip_.noc.multicast || to.size() < 2) return 0;
        std::vector<int> pieces;
        int64_t flits = 0, hops = 0;
        for (int left = values; left > 0; left -= pieces.back()) {
            int most = left;
            while (most > 0 && flits_of(most) > chip_.noc.buffer_flits) most--;
            if (!most) return 0;
            pieces.push_back(most);
            flits += flits_of(most);
        }
        for (int target : to) hops += weft_chip_hops(&chip_, from, target);
        const int64_t links = (int64_t)tree_links(from, to), count = (int64_t)to.size();
        if (flits * links > flits_of(values) * hops) return copies++, 0;
        const uint64_t bits = (uint64_t)values * (uint64_t)chip_.input.bits;
        const bool to_host = to.back() == chip_.host_terminal;
        events_.n[WEFT_EVENT_ROUTER_FLIT] += (uint64_t)(flits * (links + count));
        events_.n[WEFT_EVENT_LINK_FLIT] += (uint64_t)(flits * links);
        events_.n[WEFT_EVENT_IO_BIT] += from == chip_.host_terminal || to_host ? bits : 0;
        events_.n[WEFT_EVENT_BUFFER_WRITE_BIT] += bits * (uint64_t)(count - to_host);
        total_.packets += pieces.size() * to.size();
        total_.flits += (uint64_t)(flits * count);
        total_.flit_hops += (uint64_t)(flits * links);
        for (int target : to) {
            weft_flow &flow = flows_[{part, from, target}];
            flow.packets += pieces.size();
            flow.flits += (uint64_t)flits;
        }
        for (size_t i = 0; i < pieces.size(); i++)
            EXPECT_EQ(weft_traffic_piece(traffic_.get(), last_route_, (int)i, values), pieces[i]);
        trees++;
        cut += pieces.size() > 1;
        return (int)pieces.size();
    }
    void count_stage(int s) {
        const weft_stage &stage = stages_->items[s];
        for (int y = 0; y < stage.matrix_out.height; y++)
            for (int x = 0; x < stage.matrix_out.width; x++) count_mvms(s, copy_of(s, 0, y, x));
        for (int p = stage.has_matrix ? 1 : 0; p < stage.port_count; p++)
            for (int y = 0; y < stage.ports[p].shape.height; y++)
                for (int x = 0; x < stage.ports[p].shape.width; x++)
                    for (int b = 0; b < mapping_->stages[s].block_count; b++) {
                        const weft_output_block &block = mapping_->stages[s].blocks[b];
                        if (block.copy == copy_of(s, p == 0 ? 0 : stage.ports[p].op, y, x))
                            events_.n[WEFT_EVENT_BUFFER_READ_BIT] +=
                                (uint64_t)(block.column_end - block.column_begin) * (uint64_t)chip_.input.bits;
                    }
    }
    /* One matrix position: what cores read, and partial sums. */
    void count_mvms(int s, int copy) {
        const weft_mapped_stage &mapped = mapping_->stages[s];
        std::map<std::pair<int, int>, std::set<int>> rows, columns; /* by part and core; by block and core */
        for (int t = 0; t < mapped.tile_count; t++) {
            const weft_tile &tile = mapped.tiles[t];
            if (tile.copy != copy) continue;
            for (int r = tile.row_begin; r < tile.row_end; r++) rows[{tile.part, tile.core}].insert(r);
            for (int b = 0; b < mapped.block_count; b++)
                if (mapped.blocks[b].copy == copy)
                    for (int c = tile.column_begin; c < tile.column_end; c++)
                        if (c >= mapped.blocks[b].column_begin && c < mapped.blocks[b].column_end)
                            columns[{b, tile.core}].insert(c);
        }
        for (const auto &held : rows) {
            const uint64_t bits = held.second.size() * (uint64_t)chip_.input.bits;
            ASSERT_EQ(weft_traffic_mvm_read_bits(traffic_.get(), held.first.first, s, copy, held.first.second), bits);
            events_.n[WEFT_EVENT_BUFFER_READ_BIT] += bits;
        }
        for (const auto &held : columns) {
            const weft_output_block &block = mapped.blocks[held.first.first];
            const int core = held.first.second, values = (int)held.second.size();
            const bool own = core == block.core;
            ASSERT_EQ(weft_traffic_partial_values(traffic_.get(), s, held.first.first, core), own ? 0 : values);
            if (own) {
                ASSERT_TRUE(weft_traffic_partials(traffic_.get(), s, held.first.first)->local);
            } else {
                send(block.part, WEFT_PACKET_PARTIAL, core, block.core, values);
            }
        }
    }
    void count_output(int s, int b) {
        const weft_shape out = out_of(s);
        weft_output_block block = {-1, 0, chip_.host_terminal, 0, out.channels, 0};
        if (s >= 0) block = mapping_->stages[s].blocks[b];
        for (int y = 0; y < out.height; y++)
            for (int x = 0; x < out.width; x++) {
                if (s >= 0 && weft_mapped_stage_copy(&mapping_->stages[s], y, x) != block.copy) continue;
                if (s == stages_->count - 1)
                    send(block.part, WEFT_PACKET_RESULT, block.core, chip_.host_terminal,
                         block.column_end - block.column_begin);
                else
                    count_position(s, b, block, y, x);
                if (testing::Test::HasFatalFailure()) return;
            }
    }
    void count_position(int s, int b, const weft_output_block &block, int y, int x) {
        std::set<reader_key> readers;
        for (int c = block.column_begin; c < block.column_end; c++) {
            const std::set<reader_key> &more = need(s, c, y, x);
            readers.insert(more.begin(), more.end());
        }
        std::map<int, std::set<int>> cores; /* by part */
        for (const reader_key &reader : readers) cores[std::get<0>(reader)].insert(std::get<1>(reader));
        expect_needs(readers, s, b, y, x);
        const weft_packet_kind kind = s < 0 ? WEFT_PACKET_INPUT : WEFT_PACKET_ACTIVATION;
        const int values = block.column_end - block.column_begin;
        for (int part = 0; part < mapping_->parts; part++) {
            const int from = part == block.part ? block.core : chip_.host_terminal;
            std::vector<int> to(cores[part].begin(), cores[part].end());
            if (part == block.part && cores.size() > (cores.count(part) && !cores[part].empty() ? 1u : 0u) &&
                needed_elsewhere(cores, part))
                to.push_back(chip_.host_terminal);
            const weft_route *route = weft_traffic_route(traffic_.get(), part, s, b, y, x);
            std::vector<int> sent(route->cores, route->cores + route->core_count), expected;
            bool kept = false;
            for (int core : to) {
                if (core == from)
                    kept = true;
                else
                    expected.push_back(core);
            }
            ASSERT_EQ(sent, expected) << "part " << part << " stage " << s << " block " << b << " at " << y << ", "
                                      << x;
            ASSERT_EQ(route->local, kept);
            last_route_ = route;
            const int pieces = send_trees(part, from, expected, values);
            ASSERT_EQ(route->pieces, pieces) << "part " << part << " stage " << s << " block " << b;
            for (int core : to)
                if (core == from || !pieces) send(part, kind, from, core, values);
            local += kept;
            by_host += s >= 0 && part != block.part && !to.empty();
        }
    }
    static bool needed_elsewhere(const std::map<int, std::set<int>> &cores, int part) {
        for (const auto &entry : cores)
            if (entry.first != part && !entry.second.empty()) return true;
        return false;
    }
    /* Every reader that there can be, asked. */
    void expect_needs(const std::set<reader_key> &readers, int s, int b, int y, int x) {
        for (int c = 0; c < stages_->count; c++)
            for (int p = 0; p < stages_->items[c].port_count; p++) {
                std::set<reader_key> all;
                const weft_mapped_stage &mapped = mapping_->stages[c];
                copied += weft_mapped_stage_copies(&mapped) > 1;
                shifted += mapped.shift > 0;
                for (int t = 0; t < mapped.tile_count && p == 0; t++)
                    all.insert({mapped.tiles[t].part, mapped.tiles[t].core, c, p, mapped.tiles[t].copy});
                for (int k = 0; k < mapped.block_count; k++)
                    if (p > 0 || mapped.tile_count == 0)
                        all.insert({mapped.blocks[k].part, mapped.blocks[k].core, c, p, mapped.blocks[k].copy});
                for (const reader_key &key : all) {
                    const weft_reader reader = {std::get<0>(key), c, p, std::get<4>(key), std::get<1>(key)};
                    ASSERT_EQ(weft_traffic_needs(traffic_.get(), &reader, s, b, y, x), readers.count(key) == 1)
                        << "stage " << s << " block " << b << " at " << y << ", " << x << " read by stage " << c
                        << " port " << p << " core " << reader.core << " copy " << reader.copy;
                    waits += readers.count(key);
                }
            }
    }
    void expect_flows() {
        for (int part = 0; part < mapping_->parts; part++) {
            weft_flow *flows = nullptr;
            size_t count = 0, expected = 0;
            ASSERT_EQ(weft_traffic_flows(traffic_.get(), part, &flows, &count, nullptr), WEFT_OK);
            for (const auto &entry : flows_) {
                if (std::get<0>(entry.first) != part) continue;
                ASSERT_LT(expected, count);
                const weft_flow &flow = flows[expected++];
                EXPECT_EQ(flow.from, std::get<1>(entry.first));
                EXPECT_EQ(flow.to, std::get<2>(entry.first));
                EXPECT_EQ(flow.packets, entry.second.packets);
                EXPECT_EQ(flow.flits, entry.second.flits);
            }
            EXPECT_EQ(expected, count);
            free(flows);
        }
    }
    const weft_mapping *mapping_;
    const weft_stages *stages_;
    const weft_chip &chip_;
    traffic_ptr traffic_;
    std::vector<std::vector<std::set<reader_key>>> needs_; /* by stage + 1, then (y, x, channel) */
    std::map<std::tuple<int, int, int>, weft_flow> flows_;
    weft_event_counts events_ = {};
    weft_traffic_totals total_ = {};
    const weft_route *last_route_ = nullptr;
};

weft_chip small_mesh(dice &d) {
    weft_chip chip = random_chip(d);
    chip.noc.mesh[0] = d.between(1, 3);
    chip.noc.mesh[1] = d.between(1, 2);
    chip.noc.concentration = d.between(1, 2);
    chip.io.router[0] = d.between(0, (int)chip.noc.mesh[0] - 1);
    chip.io.router[1] = d.between(0, (int)chip.noc.mesh[1] - 1);
    weft_chip_resolve(&chip);
    return chip;
}

/* Pieces of one value at least, or of none. */
void add_multicast(weft_chip &chip, dice &d) {
    chip.noc.multicast = true;
    chip.noc.mesh[0] = d.between(1, 6);
    chip.noc.mesh[1] = d.between(1, 4);
    chip.noc.routing = d.flip() ? WEFT_CHIP_XY : WEFT_CHIP_YX;
    chip.noc.buffer_flits = d.flip() ? d.between(1, 3) : d.between(4, 32);
    weft_chip_resolve(&chip);
}

TEST(TrafficProperty, TreesAreWhatTheirDefinitionSays) {
    size_t trees = 0, cut = 0, copies = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        dice d(10000 + seed);
        const network_ptr net = random_dag(d, 5, 5);
        const stages_ptr stages = lower(net.get());
        ASSERT_TRUE(stages) << seed;
        weft_chip chip = small_mesh(d);
        add_multicast(chip, d);
        const mapping_ptr mapping = random_mapping(d, stages.get(), &chip);
        replay r(mapping.get(), stages.get(), chip);
        r.expect_agreement();
        if (HasFailure()) FAIL() << "seed " << seed;
        trees += r.trees, cut += r.cut, copies += r.copies;
    }
    EXPECT_GT(trees, 1000u);
    EXPECT_GT(cut, 100u);
    EXPECT_GT(copies, 100u);
}

TEST(TrafficProperty, TrafficIsWhatItsDefinitionSays) {
    size_t local = 0, by_host = 0, copied = 0, shifted = 0, waits = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        dice d(seed);
        const network_ptr net = random_dag(d, 5, 5);
        const stages_ptr stages = lower(net.get());
        ASSERT_TRUE(stages) << seed;
        weft_chip chip = small_mesh(d);
        const mapping_ptr mapping = random_mapping(d, stages.get(), &chip);
        weft_error err = {};
        ASSERT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK) << seed << ": " << err.text;
        replay r(mapping.get(), stages.get(), chip);
        r.expect_agreement();
        if (HasFailure()) FAIL() << "seed " << seed;
        local += r.local, by_host += r.by_host, copied += r.copied, shifted += r.shifted, waits += r.waits;
    }
    EXPECT_GT(local, 100u);
    EXPECT_GT(by_host, 100u);
    EXPECT_GT(copied, 100u);
    EXPECT_GT(shifted, 100u);
    EXPECT_GT(waits, 1000u);
}

} // namespace

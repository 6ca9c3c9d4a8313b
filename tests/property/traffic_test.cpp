// Packets of random mappings: who needs what by the definition in traffic.h, and every event counted one by one.
#include "tests/support/mapping_fixture.h"

#include <set>

using namespace weft_test;

namespace {

constexpr int CASES = 100;

/* Need by its definition: every position, tap and row of every tile. */
bool needs_by_definition(const weft_stage &stage, const weft_mapped_stage &mapped, int core, int y, int x, int begin,
                         int end) {
    const weft_window &w = stage.window;
    for (int oy = 0; oy < stage.matrix_out.height; oy++)
        for (int ox = 0; ox < stage.matrix_out.width; ox++)
            for (int ky = 0; ky < w.kernel_h; ky++)
                for (int kx = 0; kx < w.kernel_w; kx++) {
                    if (oy * w.stride_h + ky * w.dilation_h - w.pad_top != y ||
                        ox * w.stride_w + kx * w.dilation_w - w.pad_left != x)
                        continue;
                    for (int c = begin; c < end; c++)
                        for (int t = 0; t < mapped.tile_count; t++) {
                            int row = (ky * w.kernel_w + kx) * stage.in.channels + c;
                            if (mapped.tiles[t].core == core && row >= mapped.tiles[t].row_begin &&
                                row < mapped.tiles[t].row_end)
                                return true;
                        }
                }
    return false;
}

/* Walks over every packet of one image as the timed chip sends them. */
class replay {
  public:
    explicit replay(const random_case &c) : c_(c), traffic_(make_traffic(c.mapping.get(), c.stages.get(), &c.chip)) {}
    void expect_agreement() {
        for (int s = -1; s < c_.mapping->stage_count; s++) {
            events_ = {};
            stage_totals_ = {};
            if (s >= 0) count_matrix(s);
            for (int b = 0; b < (s < 0 ? 1 : c_.mapping->stages[s].block_count); b++) count_output(s, b);
            weft_event_counts expected = weft_traffic_events(traffic_.get(), s);
            for (int i = 0; i < WEFT_EVENT_COUNT; i++)
                ASSERT_EQ(events_.n[i], expected.n[i]) << "stage " << s << " event " << i;
            weft_traffic_totals totals = weft_traffic_stage_total(traffic_.get(), s);
            ASSERT_EQ(stage_totals_.packets, totals.packets);
            ASSERT_EQ(stage_totals_.flits, totals.flits);
            ASSERT_EQ(stage_totals_.flit_hops, totals.flit_hops);
        }
    }

  private:
    void send(weft_packet_kind kind, int from, int to, int values) {
        weft_event_counts events = weft_traffic_packet_events(traffic_.get(), kind, from, to, values);
        weft_event_counts_add(&events_, &events);
        if (from == to) return;
        int64_t bits = (kind == WEFT_PACKET_INPUT || kind == WEFT_PACKET_ACTIVATION) ? c_.chip.input.bits
                                                                                     : c_.chip.io.partial_bits;
        int64_t flits = (c_.chip.noc.header_bits + values * bits + c_.chip.noc.flit_bits - 1) / c_.chip.noc.flit_bits;
        stage_totals_.packets++;
        stage_totals_.flits += (uint64_t)flits;
        stage_totals_.flit_hops += (uint64_t)(flits * weft_chip_hops(&c_.chip, from, to));
    }
    /* MVMs and partial sums. */
    void count_matrix(int s) {
        const weft_mapped_stage &mapped = c_.mapping->stages[s];
        const weft_stage &stage = c_.stages->items[s];
        for (int position = 0; position < stage.matrix_out.height * stage.matrix_out.width; position++)
            for (int core = 0; core < c_.chip.core_count; core++) {
                std::set<int> rows;
                for (int t = 0; t < mapped.tile_count; t++)
                    for (int r = mapped.tiles[t].row_begin; mapped.tiles[t].core == core && r < mapped.tiles[t].row_end;
                         r++)
                        rows.insert(r);
                ASSERT_EQ(weft_traffic_mvm_read_bits(traffic_.get(), s, core),
                          rows.size() * (uint64_t)c_.chip.input.bits);
                events_.n[WEFT_EVENT_BUFFER_READ_BIT] += rows.size() * (uint64_t)c_.chip.input.bits;
                for (int b = 0; b < mapped.block_count; b++) {
                    std::set<int> columns;
                    for (int t = 0; t < mapped.tile_count; t++)
                        for (int k = mapped.tiles[t].column_begin;
                             mapped.tiles[t].core == core && k < mapped.tiles[t].column_end; k++)
                            if (k >= mapped.blocks[b].column_begin && k < mapped.blocks[b].column_end)
                                columns.insert(k);
                    if (!columns.empty() && core != mapped.blocks[b].core)
                        send(WEFT_PACKET_PARTIAL, core, mapped.blocks[b].core, (int)columns.size());
                }
            }
    }
    void count_output(int s, int b) {
        const weft_output_block *block = s < 0 ? nullptr : &c_.mapping->stages[s].blocks[b];
        int begin = block ? block->column_begin : 0, end = block ? block->column_end : c_.stages->items[0].in.channels;
        int from = block ? block->core : c_.chip.host_terminal;
        weft_shape out = block ? c_.stages->items[s].out : c_.stages->items[0].in;
        for (int y = 0; y < out.height; y++)
            for (int x = 0; x < out.width; x++) {
                if (s == c_.mapping->stage_count - 1) {
                    send(WEFT_PACKET_RESULT, from, c_.chip.host_terminal, end - begin);
                    continue;
                }
                for (int core = 0; core < c_.chip.core_count; core++) {
                    bool needs =
                        needs_by_definition(c_.stages->items[s + 1], c_.mapping->stages[s + 1], core, y, x, begin, end);
                    ASSERT_EQ(weft_traffic_needs(traffic_.get(), s, b, y, x, core), needs);
                    if (needs) send(block ? WEFT_PACKET_ACTIVATION : WEFT_PACKET_INPUT, from, core, end - begin);
                }
            }
    }
    const random_case &c_;
    traffic_ptr traffic_;
    weft_event_counts events_ = {};
    weft_traffic_totals stage_totals_ = {};
};

TEST(TrafficProperty, TrafficIsWhatItsDefinitionSays) {
    int compared = 0;
    for (uint64_t seed = 0; compared < CASES && seed < 1000; seed++) {
        random_case c(seed);
        size_t work = 0;
        for (int s = 0; s < c.stages->count; s++)
            work +=
                weft_shape_size(c.stages->items[s].in) * (size_t)c.chip.core_count * (size_t)c.stages->items[s].rows;
        if (!c.mapping || work > 2000000) continue;
        compared++;
        replay r(c);
        r.expect_agreement();
        if (HasFatalFailure()) FAIL() << "seed " << seed;
    }
    EXPECT_EQ(compared, CASES);
}

} // namespace

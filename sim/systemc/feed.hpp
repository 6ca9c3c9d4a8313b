/* What reaches a port: packets of the blocks of its sources. */
#ifndef WEFT_SIM_SYSTEMC_FEED_HPP
#define WEFT_SIM_SYSTEMC_FEED_HPP

#include "sim/systemc/context.hpp"

namespace weft {

/* The packet of one position from one block of one source. */
struct Feed {
    int stage, block; /* of the producer; -1, 0: the network's input */
    int begin, count; /* channels of the port's map that it fills */
};

inline bool reads_network_input(const weft_port &port) {
    for (int i = 0; i < port.source_count; i++)
        if (port.sources[i].stage < 0) return true;
    return false;
}

/* Calls visit(feed) for every packet of position (y, x) of the reader's port that the reader needs. */
template <typename Visit>
void visit_feeds(const Context &context, const weft_reader &reader, int y, int x, Visit visit) {
    const weft_port &port = context.stage(reader.stage).ports[reader.port];
    for (int i = 0; i < port.source_count; i++) {
        const weft_source &source = port.sources[i];
        if (source.stage < 0) {
            if (weft_traffic_needs(context.traffic, &reader, -1, 0, y, x))
                visit(Feed{-1, 0, source.begin, source.channels});
            continue;
        }
        const weft_mapped_stage &mapped = context.mapped(source.stage);
        const auto copy = static_cast<size_t>(weft_mapped_stage_copy(&mapped, y, x));
        for (int b : context.copy_blocks[static_cast<size_t>(source.stage)][copy]) {
            const weft_output_block &block = mapped.blocks[b];
            if (weft_traffic_needs(context.traffic, &reader, source.stage, b, y, x))
                visit(Feed{source.stage, b, source.begin + block.column_begin, block.column_end - block.column_begin});
        }
    }
}

} // namespace weft
#endif

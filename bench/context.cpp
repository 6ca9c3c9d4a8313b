/* How weft was built, in every benchmark's heading. */
#include <benchmark/benchmark.h>

namespace {

const bool kTold = [] {
#if defined(NDEBUG) && defined(__OPTIMIZE__)
    benchmark::AddCustomContext("weft_build_type", WEFT_BUILD_TYPE ", optimised, no assertions");
#else
    benchmark::AddCustomContext("weft_build_type",
                                WEFT_BUILD_TYPE ", NOT FOR TIMINGS: not optimised or with assertions");
#endif
    return true;
}();

} // namespace

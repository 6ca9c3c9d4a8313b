#include "sim/systemc/digital_unit.hpp"

namespace weft {

DigitalUnit::DigitalUnit(Context &context, Crew &crew, int core)
    : Agent(crew), context_(context), server_(context, WEFT_SERVER_DIGITAL, core, -1, -1, -1, 1) {}

void DigitalUnit::put(Job job, uint64_t events, const Moments &after) {
    auto [service, record] = server_.serve(events, job.block->stage(), job.image, after);
    job.start = service.start, job.finish = service.finish, job.record = record;
    crew_.call_at(service.finish, *this);
    jobs_.push_back(std::move(job));
    if (service.start > now())
        crew_.call_at(service.start, *this);
    else
        due();
}

void DigitalUnit::due() {
    while (begun_ < jobs_.size() && jobs_[begun_].start <= now()) begin(jobs_[begun_++]);
    while (!jobs_.empty() && jobs_.front().finish <= now() && begun_) {
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        begun_--;
        end(job);
    }
}

void DigitalUnit::begin(Job &job) {
    const Moment moment = weft_trace_when(job.record, WEFT_TRACE_START);
    job.block->buffer_.release(job.bits);
    if (job.bits) job.block->room_.advance(job.taken, moment, context_.recorder->on());
    for (const auto &[inbox, low] : job.lows) inbox->release(0, low, moment);
}

void DigitalUnit::end(Job &job) {
    const Moment moment = weft_trace_when(job.record, WEFT_TRACE_FINISH);
    if (job.route) crew_.send_output(*job.block, job.route, job.image, job.output, job.values, moment);
    if (job.ends_input) crew_.input_consumed(job.block->part(), job.image, moment);
    if (job.ends_all) crew_.retire(job.block->part(), moment);
}

} // namespace weft

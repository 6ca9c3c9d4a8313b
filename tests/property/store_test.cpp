// Rows of results do not depend on the order in which they come, nor on where a writer is killed.
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/support/store_fixture.h"

using namespace weft_test;

namespace {

double now_s(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void add_points(Experiment &of, int count) {
    for (int i = 0; i < count; i++)
        of.add(i,
               {{"net", i % 3 ? "stoch" : "sign"}, {"adc.bits", std::to_string(4 + i % 5)}, {"n", std::to_string(i)}});
}

TEST_F(Store, rows_do_not_depend_on_the_order_of_puts) {
    Experiment of;
    add_points(of, 200);
    std::vector<size_t> order(of.size());
    std::iota(order.begin(), order.end(), 0u);
    std::mt19937 random(11);
    std::string first, first_json;
    for (int round = 0; round < 6; round++, std::shuffle(order.begin(), order.end(), random)) {
        weft_store *store = open();
        plan(store, of);
        for (size_t i : order) {
            const char *failure = of.results[i] % 17 == 3 ? "too large" : nullptr;
            if (round == 3 && i % 5 == 0) { // then tried again
                ASSERT_EQ(put(store, of, i, &err, "failed first"), WEFT_OK);
            }
            ASSERT_EQ(put(store, of, i, &err, failure), WEFT_OK) << message();
            if (round > 0 && random() % 40 == 0) { // stopped and resumed
                close(store);
                store = open();
                plan(store, of);
            }
        }
        close(store);
        const std::string all = dump();
        if (round == 0) first = all;
        EXPECT_EQ(all, first) << round;
        std::filesystem::remove_all(runs);
    }
    // 200 points, twice, their 3 axes, and 3 trials of those 188 that did not fail; with 4 headers.
    EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 200 * 2 + 200 * 3 + 188 * 3 + 4);
}

// What a child that is killed has in common with the test.
struct Shared {
    size_t put;           // rows put so far
    double at_s[1 << 20]; // when each was
};

// Rows 0, 1, 2, ... are put at a pace; the child is killed at any moment. What is found afterwards is a prefix, whole,
// and only what was put within the last second is missing.
TEST_F(Store, sigkill_loses_a_second_at_most) {
    Experiment of;
    add_points(of, 60000);
    of.get();
    auto *shared = (Shared *)mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(shared, MAP_FAILED);
    std::mt19937 random(5);
    for (int round = 0; round < 6; round++) {
        shared->put = 0;
        const bool fast = round % 2 == 0;
        const pid_t child = fork();
        if (child == 0) {
            weft_store *store = nullptr;
            if (weft_store_open(&store, runs.c_str(), "noise", &err) != WEFT_OK) _exit(1);
            for (size_t i = 0; i < of.size(); i++) {
                if (put(store, of, i, &err) != WEFT_OK) _exit(2);
                shared->at_s[i] = now_s(CLOCK_MONOTONIC);
                shared->put = i + 1;
                const timespec pause = {0, 2000000};
                if (!fast) nanosleep(&pause, nullptr);
            }
            for (;;) pause();
        }
        usleep(50000 + random() % 1200000);
        const double killed_s = now_s(CLOCK_MONOTONIC);
        kill(child, SIGKILL);
        int state = 0;
        waitpid(child, &state, 0);
        EXPECT_TRUE(WIFSIGNALED(state)) << WEXITSTATUS(state);
        if (!std::filesystem::exists(db())) continue; // killed before it began

        weft_store *store = open();
        weft_store_table table;
        ASSERT_EQ(weft_store_read(&table, store, &err), WEFT_OK) << message();
        for (size_t i = 0; i < table.count; i++) {
            const Result expected((int)i);
            const auto &point = table.points[i];
            ASSERT_EQ(point.number, i);
            ASSERT_EQ(point.metrics.v[WEFT_METRIC_ERROR], expected.result.metrics.v[WEFT_METRIC_ERROR]);
            ASSERT_EQ(point.axis_count, 3);
            ASSERT_EQ(point.trial_count, 3);
            ASSERT_EQ(point.trials[2], expected.trials[2]);
        }
        EXPECT_LE(table.count, shared->put + 1); // the last one may not have been counted yet
        // Commits take their time on a busy disk; it counts as such only while a put lasts.
        for (size_t i = table.count; i < shared->put; i++)
            EXPECT_GT(shared->at_s[i], shared->at_s[shared->put - 1] - 1.0) << killed_s;
        weft_store_table_free(&table);
        close(store);
        EXPECT_EQ(files(), "runs.db");
        std::filesystem::remove_all(runs);
    }
    munmap(shared, sizeof(Shared));
}

// Killed while it changes from one experiment to the other: the rows are those of the one or of the other.
TEST_F(Store, sigkill_while_planning) {
    Experiment one, two;
    add_points(one, 300);
    for (int i = 299; i >= 0; i -= 2) two.add(i, {{"other", std::to_string(i)}});
    run_all(one);
    const std::string first = dump();
    run_all(two);
    const std::string second = dump();
    run_all(one);
    ASSERT_NE(first, second);
    std::mt19937 random(3);
    int seen[2] = {0, 0};
    for (int round = 0; round < 12; round++) {
        const pid_t child = fork();
        if (child == 0) {
            weft_store *store = nullptr;
            if (weft_store_open(&store, runs.c_str(), "noise", &err) != WEFT_OK) _exit(1);
            for (int i = 0;; i++) plan(store, i % 2 ? one : two);
        }
        usleep(20000 + random() % 100000);
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        const std::string now = dump();
        EXPECT_TRUE(now == first || now == second);
        seen[now == second]++;
    }
    EXPECT_EQ(seen[0] + seen[1], 12);
    weft_store *store = open();
    for (bool done : plan(store, one)) EXPECT_TRUE(done);
    close(store);
    EXPECT_EQ(dump(), first);
}

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr double slack = 1;
#else
constexpr double slack = 20;
#endif

// Processor time, not time by the clock: other programs may run, which costs up to a factor of two too. Rows of 3 axes
// and 3 trials.
TEST_F(Store, a_hundred_thousand_rows) {
    constexpr int count = 100000;
    Experiment of;
    add_points(of, count);
    of.get();
    const auto took = [&](const char *what, double limit_s, auto body) {
        const double begin = now_s(CLOCK_PROCESS_CPUTIME_ID), wall = now_s(CLOCK_MONOTONIC);
        body();
        const double cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - begin;
        printf("%-22s %.2f s of processor, %.2f s\n", what, cpu_s, now_s(CLOCK_MONOTONIC) - wall);
        EXPECT_LT(cpu_s, limit_s * slack) << what;
    };
    weft_store *store = open();
    plan(store, of);
    took("put", 4.0, [&] {
        for (size_t i = 0; i < of.size(); i++) ASSERT_EQ(put(store, of, i, &err), WEFT_OK) << message();
        ASSERT_EQ(weft_store_flush(store, &err), WEFT_OK);
    });
    close(store);
    took("open, plan unchanged", 2.0, [&] {
        store = open();
        for (bool done : plan(store, of)) ASSERT_TRUE(done);
    });
    close(store);
    store = open_read();
    took("read", 2.0, [&] {
        weft_store_table table;
        ASSERT_EQ(weft_store_read(&table, store, &err), WEFT_OK);
        EXPECT_EQ(table.count, (size_t)count);
        EXPECT_EQ(table.points[count - 1].metrics.v[WEFT_METRIC_ERROR], count - 1 + 1.0 / 3);
        weft_store_table_free(&table);
    });
    took("CSV", 4.0, [&] {
        FILE *null = fopen("/dev/null", "w");
        EXPECT_EQ(weft_store_csv(store, nullptr, null, &err), WEFT_OK) << message();
        fclose(null);
    });
    took("JSON", 5.0, [&] {
        FILE *null = fopen("/dev/null", "w");
        EXPECT_EQ(weft_store_json(store, nullptr, null, &err), WEFT_OK) << message();
        fclose(null);
    });
    took("seconds", 1.0, [&] {
        for (const weft_point &point : of.points) EXPECT_GT(weft_store_seconds(store, &point), 0);
    });
    close(store);
    printf("file                   %.1f MB\n", (double)std::filesystem::file_size(db()) / 1e6);
}

} // namespace

// What can be wrong with the file of results, its folder and its disk: refused with a clear reason, and nothing lost.
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <functional>

#include "tests/support/store_fixture.h"

using namespace weft_test;

namespace {

class Files : public Store {
  protected:
    Experiment of;
    void SetUp() override {
        Store::SetUp();
        for (int i = 0; i < 400; i++) of.add(i, {{"net", "sign"}, {"adc.bits", std::to_string(i)}});
    }
    // Neither opening changes a byte or leaves anything behind.
    void refused(weft_status status, const std::string &text, bool reading_too = true) {
        const std::string before = read_file(db());
        weft_store *store = nullptr;
        EXPECT_EQ(weft_store_open(&store, runs.c_str(), "noise", &err), status) << message();
        EXPECT_EQ(store, nullptr);
        EXPECT_EQ(message().find(db() + ": " + text), 0u) << message();
        if (reading_too) {
            EXPECT_EQ(weft_store_open_read(&store, runs.c_str(), &err), status) << message();
            EXPECT_EQ(store, nullptr);
            EXPECT_EQ(message().find(db() + ": " + text), 0u) << message();
        }
        EXPECT_EQ(read_file(db()), before);
        EXPECT_EQ(files(), "runs.db");
    }
    void write(const std::string &bytes) {
        std::filesystem::create_directories(runs);
        std::ofstream(db(), std::ios::binary) << bytes;
    }
    void sql(const char *text, const std::string &path = "") {
        sqlite3 *other = nullptr;
        ASSERT_EQ(sqlite3_open((path.empty() ? db() : path).c_str(), &other), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(other, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(other);
        sqlite3_close(other);
    }
    // In a process of its own, with nobody's rights where this one is root's. Its exit code.
    static int in_child(const std::function<int()> &body, bool as_nobody = false) {
        const pid_t child = fork();
        if (child == 0) {
            if (as_nobody && getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(99);
            _exit(body());
        }
        int state = 0;
        EXPECT_EQ(waitpid(child, &state, 0), child);
        return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    }
};

TEST_F(Files, no_database) {
    write("These are no results but a letter, which is longer than a hundred bytes, the length of a database's header, "
          "so that one could be taken for the other.");
    refused(WEFT_E_PARSE, "cannot be read: file is not a database; nothing was changed");
    write("short");
    refused(WEFT_E_PARSE, "cannot be read: file is not a database; nothing was changed");
}

TEST_F(Files, an_empty_file_is_a_beginning) {
    write("");
    weft_store *store = nullptr;
    EXPECT_EQ(weft_store_open_read(&store, runs.c_str(), &err), WEFT_E_PARSE);
    EXPECT_EQ(message(), db() + ": is empty: no experiment was begun");
    run_all(of);
    EXPECT_EQ(rows("SELECT count(*) AS n FROM points"), "n\n400\n");
}

TEST_F(Files, no_results_there) {
    weft_store *store = nullptr;
    EXPECT_EQ(weft_store_open_read(&store, runs.c_str(), &err), WEFT_E_IO);
    EXPECT_EQ(message(),
              runs + ": has no runs.db; results of an experiment are made with 'weft sweep EXPERIMENT.yaml -o " + runs +
                  "'");
    EXPECT_FALSE(std::filesystem::exists(runs)); // reading makes no folder
    std::ofstream(runs) << "a file";
    EXPECT_EQ(weft_store_open(&store, runs.c_str(), "noise", &err), WEFT_E_IO);
    EXPECT_EQ(message(), runs + ": cannot create the folder: it is a file");
}

TEST_F(Files, somebody_elses_database) {
    std::filesystem::create_directories(runs);
    sql("CREATE TABLE points (number)");
    refused(WEFT_E_PARSE, "is an SQLite file, but not one of results");
}

TEST_F(Files, newer_schema) {
    run_all(of);
    sql("PRAGMA user_version = 2");
    refused(WEFT_E_INVALID, "was written by a newer weft: its schema is 2, this weft knows 1");
}

// A weft with one metric less, and one with one more.
TEST_F(Files, other_metrics) {
    run_all(of);
    const std::string before = rows(nullptr);
    sql("DROP VIEW wide; ALTER TABLE points DROP COLUMN power_mw; ALTER TABLE cache DROP COLUMN power_mw; "
        "ALTER TABLE points ADD COLUMN beauty REAL");
    weft_store *store = nullptr;
    EXPECT_EQ(weft_store_open_read(&store, runs.c_str(), &err), WEFT_E_UNSUPPORTED);
    EXPECT_EQ(message(), db() + ": was written by an older weft, without power_mw; 'weft sweep' brings it up to date");
    store = open();
    for (bool done : plan(store, of)) EXPECT_TRUE(done);
    EXPECT_EQ(put(store, of, 3, &err), WEFT_OK) << message();
    Experiment other; // by way of the cache
    other.add(2, {{"x", "y"}});
    EXPECT_EQ(plan(store, other), std::vector<bool>({true}));
    plan(store, of);
    close(store);
    EXPECT_EQ(rows(nullptr), before);
}

// A file of a weft that described no chips and networks, and one of a weft that said less of them.
TEST_F(Files, older_descriptions) {
    run_all(of);
    sql("INSERT INTO chips (sha256, cores) VALUES ('c', 9); ALTER TABLE chips DROP COLUMN topology; "
        "DROP TABLE nets; DROP TABLE layers");
    const std::string before = rows(nullptr), bytes = read_file(db());
    weft_store *store = open_read();
    weft_store_table table{};
    ASSERT_EQ(weft_store_read(&table, store, &err), WEFT_OK) << message();
    ASSERT_EQ(table.descriptions[WEFT_CHIPS].count, 1u);
    EXPECT_STREQ(table.descriptions[WEFT_CHIPS].values[0][WEFT_CHIPS_CORES], "9");
    EXPECT_EQ(table.descriptions[WEFT_CHIPS].values[0][WEFT_CHIPS_TOPOLOGY], nullptr);
    EXPECT_EQ(table.descriptions[WEFT_NETS].count, 0u);
    EXPECT_EQ(table.descriptions[WEFT_LAYERS].count, 0u);
    weft_store_table_free(&table);
    close(store);
    EXPECT_EQ(read_file(db()), bytes);
    close(open());
    EXPECT_EQ(rows("SELECT cores, topology FROM chips"), "cores,topology\n9,\n");
    EXPECT_EQ(rows("SELECT count(*) AS n FROM nets, layers"), "n\n0\n");
    EXPECT_EQ(rows(nullptr), before);
}

TEST_F(Files, truncated) {
    run_all(of);
    const std::string whole = read_file(db());
    ASSERT_GT(whole.size(), 100000u);
    for (size_t size : {whole.size() / 2, whole.size() - 4096, (size_t)5000, (size_t)4096, (size_t)200}) {
        write(whole.substr(0, size));
        refused(WEFT_E_PARSE, "");
        EXPECT_NE(message().find("malformed"), message().find("corrupted")) << message();
    }
    write(whole);
    EXPECT_NE(rows(nullptr), "");
}

// Whatever 64 bytes of a page are overwritten with: refused, or all rows can be read and no one crashes.
TEST_F(Files, overwritten_pages) {
    run_all(of);
    const std::string whole = read_file(db());
    int refusals = 0, pages = 0;
    for (size_t page = 4096; page < whole.size(); page += 4096, pages++) {
        std::string damaged = whole;
        for (size_t i = 0; i < 64; i++) damaged[page + i] = (char)(i * 37 + page / 4096);
        write(damaged);
        weft_store *store = nullptr;
        const weft_status status = weft_store_open(&store, runs.c_str(), "noise", &err);
        if (status != WEFT_OK) {
            EXPECT_EQ(status, WEFT_E_PARSE) << message();
            EXPECT_NE(message().find("'sqlite3 runs.db .recover'"), std::string::npos) << message();
            refusals++;
        }
        weft_store_close(store, nullptr);
        EXPECT_EQ(read_file(db()), damaged);
    }
    EXPECT_GE(pages, 30);
    EXPECT_EQ(refusals, pages); // headers of pages in use: each is noticed
}

TEST_F(Files, a_log_of_others_is_taken_in) {
    run_all(of);
    sql("PRAGMA journal_mode = WAL; UPDATE points SET label = 'x' WHERE number = 0");
    weft_store *store = open();
    close(store);
    EXPECT_EQ(files(), "runs.db");
    EXPECT_EQ((unsigned char)read_file(db())[18], 1); // a rollback journal again
    EXPECT_EQ(rows("SELECT label FROM points WHERE number = 0"), "label\nx\n");
}

// ---- folders and disks ----

TEST_F(Files, read_only_folder) {
    run_all(of);
    for (const std::string &path : {folder, runs}) EXPECT_EQ(chmod(path.c_str(), 0555), 0);
    EXPECT_EQ(chmod(db().c_str(), 0444), 0);
    const int code = in_child(
        [&] {
            weft_store *store = nullptr;
            if (weft_store_open(&store, runs.c_str(), "noise", &err) != WEFT_E_IO) return 1;
            if (message() != runs + "/runs.db.lock: cannot create: Permission denied") return 2;
            if (weft_store_open(&store, (folder + "/other").c_str(), "noise", &err) != WEFT_E_IO) return 3;
            if (message() != folder + "/other: cannot create the folder: Permission denied") return 4;
            if (weft_store_open_read(&store, runs.c_str(), &err) != WEFT_OK) return 5;
            weft_store_table table;
            if (weft_store_read(&table, store, &err) != WEFT_OK || table.count != 400) return 6;
            weft_store_table_free(&table);
            return weft_store_close(store, &err) == WEFT_OK ? 0 : 7;
        },
        true);
    EXPECT_EQ(code, 0);
    EXPECT_EQ(files(), "runs.db");
    for (const std::string &path : {folder, runs}) EXPECT_EQ(chmod(path.c_str(), 0755), 0);
}

TEST_F(Files, read_only_file) {
    run_all(of);
    EXPECT_EQ(chmod(folder.c_str(), 0755), 0);
    EXPECT_EQ(chmod(runs.c_str(), 0777), 0);
    EXPECT_EQ(chmod(db().c_str(), 0444), 0);
    const int code = in_child(
        [&] {
            weft_store *store = nullptr;
            if (weft_store_open(&store, runs.c_str(), "noise", &err) != WEFT_E_IO) return 1;
            return message() == db() + ": may not be written to" ? 0 : 2;
        },
        true);
    EXPECT_EQ(code, 0);
    EXPECT_EQ(files(), "runs.db");
}

TEST_F(Files, full_disk) {
    std::filesystem::create_directories(runs);
    if (mount("tmpfs", runs.c_str(), "tmpfs", 0, "size=600k") != 0) GTEST_SKIP() << "no right to mount a small disk";
    struct Mount {
        std::string path;
        ~Mount() { umount2(path.c_str(), MNT_DETACH); }
    } const mounted{runs};
    const std::string filler = runs + "/filler";
    std::ofstream(filler) << std::string(100000, 'x');
    for (int i = 400; i < 4000; i++) of.add(i, {{"net", "sign"}, {"adc.bits", std::to_string(i)}});
    weft_store *store = open();
    ASSERT_NE(store, nullptr);
    plan(store, of);
    weft_status status = WEFT_OK;
    size_t kept = 0, put_there = 0;
    while (status == WEFT_OK && put_there < of.size()) {
        status = put(store, of, put_there++, &err);
        if (status == WEFT_OK && put_there % 50 == 0 && (status = weft_store_flush(store, &err)) == WEFT_OK)
            kept = put_there;
    }
    EXPECT_EQ(status, WEFT_E_IO);
    const std::string text = message();
    EXPECT_EQ(text.find(db() + ": cannot be written: "), 0u) << text;
    EXPECT_NE(text.find("no space left on the device"), std::string::npos) << text;
    EXPECT_NE(text.find("; the last " + std::to_string(put_there - kept) + " results are not kept, all before are"),
              std::string::npos)
        << text << kept;
    EXPECT_GT(kept, 100u);
    close(store);
    EXPECT_EQ(files(), "filler runs.db");
    const std::string count = "n\n" + std::to_string(kept) + "\n";
    EXPECT_EQ(rows("SELECT count(*) AS n FROM points"), count);
    // Still full: rows that need more room are refused again, and what is there stays.
    store = open();
    status = WEFT_OK;
    for (size_t i = kept; i < of.size() && status == WEFT_OK; i++) {
        status = put(store, of, i, &err);
        if (status == WEFT_OK && i == kept + 1000) status = weft_store_flush(store, &err);
    }
    EXPECT_EQ(status, WEFT_E_IO) << message();
    weft_store_close(store, nullptr);
    EXPECT_EQ(rows(("SELECT count(*) AS n FROM points WHERE number < " + std::to_string(kept)).c_str()), count);
    // With room again it goes on where it stopped.
    std::filesystem::remove(filler);
    store = open();
    const std::vector<bool> done = plan(store, of);
    for (size_t i = 0; i < kept; i++) EXPECT_TRUE(done[i]);
    EXPECT_EQ(put(store, of, 3999, &err), WEFT_OK) << message();
    close(store);
    EXPECT_EQ(rows("SELECT error_percent > 3999 AS last FROM points WHERE number = 3999"), "last\n1\n");
}

// ---- one writer, many readers ----

TEST_F(Files, a_second_writer_is_refused_and_a_dead_one_succeeded) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        weft_store *store = nullptr;
        const weft_status status = weft_store_open(&store, runs.c_str(), "noise", &err);
        if (status != WEFT_OK || put(store, of, 0, &err) != WEFT_OK || ::write(ready[1], "x", 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    char byte;
    ::close(ready[1]);
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    weft_store *store = nullptr;
    EXPECT_EQ(weft_store_open(&store, runs.c_str(), "noise", &err), WEFT_E_INVALID);
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    EXPECT_EQ(message(), db() + ".lock: process " + std::to_string(child) + " on host " + host +
                             " writes these results; one at a time");
    EXPECT_EQ(rows("SELECT count(*) AS n FROM points"), "n\n1\n"); // reading goes on
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_EQ(files(), "runs.db runs.db.lock");
    store = open();
    EXPECT_NE(read_file(db() + ".lock").find("process " + std::to_string(getpid()) + " on host "), std::string::npos);
    close(store);
    EXPECT_EQ(files(), "runs.db");
    EXPECT_EQ(rows("SELECT count(*) AS n FROM points"), "n\n1\n");
}

// A child that inherits the store keeps nobody out when its parent has died: only the writing process holds the lock.
TEST_F(Files, workers_that_outlive_the_writer_hold_nothing) {
    int pids[2];
    ASSERT_EQ(pipe(pids), 0);
    const pid_t writer = fork();
    if (writer == 0) {
        weft_store *store = nullptr;
        if (weft_store_open(&store, runs.c_str(), "noise", &err) != WEFT_OK) _exit(1);
        const pid_t worker = fork();
        if (worker == 0) {
            pause();
            _exit(0);
        }
        if (::write(pids[1], &worker, sizeof worker) != sizeof worker) _exit(1);
        pause();
        _exit(0);
    }
    pid_t worker = 0;
    ASSERT_EQ(::read(pids[0], &worker, sizeof worker), (ssize_t)sizeof worker);
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    weft_store *store = open();
    EXPECT_EQ(kill(worker, 0), 0);
    close(store);
    kill(worker, SIGKILL);
    ::close(pids[0]);
    ::close(pids[1]);
}

TEST_F(Files, a_reader_puts_commits_off_but_stops_nothing) {
    weft_store *store = open();
    plan(store, of);
    ASSERT_EQ(put(store, of, 0, &err), WEFT_OK);
    ASSERT_EQ(weft_store_flush(store, &err), WEFT_OK);
    sqlite3 *reader = nullptr;
    ASSERT_EQ(sqlite3_open(db().c_str(), &reader), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM points", nullptr, nullptr, nullptr), SQLITE_OK);
    for (size_t i = 1; i < 300; i++) ASSERT_EQ(put(store, of, i, &err), WEFT_OK) << message();
    EXPECT_EQ(weft_store_flush(store, &err), WEFT_OK) << message();
    const auto count = [](void *out, int, char **texts, char **) { return *(int *)out = atoi(texts[0]), 0; };
    int seen = 0;
    ASSERT_EQ(sqlite3_exec(reader, "SELECT count(*) FROM points", count, &seen, nullptr), SQLITE_OK);
    EXPECT_EQ(seen, 1); // its own state of the file
    sqlite3_close(reader);
    EXPECT_EQ(weft_store_flush(store, &err), WEFT_OK) << message();
    EXPECT_EQ(rows("SELECT count(*) AS n FROM points"), "n\n300\n");
    close(store);
}

// A writer that died in the middle of a commit, made with SQLite itself: pages of the new state are in the file, those
// of the old one in the journal.
TEST_F(Files, half_a_commit_is_taken_back) {
    run_all(of);
    const std::string before = dump(), copy = folder + "/copy";
    std::filesystem::create_directories(copy);
    sqlite3 *writer = nullptr;
    ASSERT_EQ(sqlite3_open(db().c_str(), &writer), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(writer,
                     "PRAGMA cache_size = 1; BEGIN; UPDATE points SET message = hex(zeroblob(200)), status = 'gone'; "
                     "DELETE FROM trials",
                     nullptr, nullptr, nullptr),
        SQLITE_OK);
    for (const char *name : {"/runs.db", "/runs.db-journal"}) std::filesystem::copy(runs + name, copy + name);
    sqlite3_close(writer);
    EXPECT_EQ(dump(), before);
    ASSERT_NE(read_file(copy + "/runs.db"), read_file(db()));
    runs = copy;
    // Who may not write cannot take it back, and is told so.
    EXPECT_EQ(chmod(folder.c_str(), 0755), 0);
    EXPECT_EQ(chmod(runs.c_str(), 0555), 0);
    EXPECT_EQ(chmod(db().c_str(), 0444), 0);
    EXPECT_EQ(in_child(
                  [&] {
                      weft_store *store = nullptr;
                      if (weft_store_open_read(&store, runs.c_str(), &err) != WEFT_E_IO) return 1;
                      return message().find("a writer died, and what it left half done") != std::string::npos ? 0 : 2;
                  },
                  true),
              0);
    EXPECT_EQ(chmod(runs.c_str(), 0755), 0);
    EXPECT_EQ(chmod(db().c_str(), 0644), 0);
    EXPECT_EQ(dump(), before);
    EXPECT_EQ(files(), "runs.db");
}

} // namespace

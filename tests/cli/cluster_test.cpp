// weft sweep on two hosts: network namespaces with a cable between them, each with a host name of its own, and ranks
// that MPI starts there as on a cluster.
#include "harness.h"

#include <algorithm>
#include <cstdio>

using namespace weft_cli;

namespace {

// Standard output of a command and its exit code.
Ran shell(const std::string &command) {
    Ran run{};
    FILE *pipe = popen((command + " 2>&1").c_str(), "r");
    char part[4096];
    for (size_t got; pipe && (got = fread(part, 1, sizeof part, pipe)) > 0;) run.out.append(part, got);
    run.code = pipe ? pclose(pipe) : -1;
    return run;
}

class Cluster : public Cli {
  protected:
    std::string hosts[2];

    void SetUp() override {
        Cli::SetUp();
        if (shell("mpirun --version").code != 0) GTEST_SKIP() << "no mpirun";
        if (shell("mpirun --version").out.find("(Open MPI) 4.") == std::string::npos)
            GTEST_SKIP() << "no Open MPI 4, whose option for another remote shell is used here";
        for (int i = 0; i < 2; i++) hosts[i] = "weft" + std::to_string(getpid()) + "ab"[i];
        const Ran run = shell(make_hosts());
        if (run.code != 0) GTEST_SKIP() << "no network namespaces with cables can be made here: " << run.out;
        // What ssh is elsewhere: agent ADDRESS WORDS...
        write_file("agent", "#!/bin/sh\ncase $1 in *.1) host=" + hosts[0] + " ;; *) host=" + hosts[1] +
                                " ;; esac\nshift\nexec " + on("$host", "$*") + "\n");
        fs::permissions("agent", fs::perms::owner_all);
        write_file("e.yaml", "name: try\npoints:\n  - name: networks\n"
                             "    set: {kind: noc, chip: noc-8x8, traffic: {cycles: 1000, warmup: 50, rate: 0.05}}\n"
                             "    grid: {noc.vcs: [1, 2, 4], seed: 1..10}\n");
    }
    void TearDown() override {
        for (const std::string &host : hosts)
            if (!host.empty()) shell("ip netns del " + host);
        Cli::TearDown();
    }
    std::string make_hosts() const {
        std::string all = "set -e; ip netns add " + hosts[0] + "; ip netns add " + hosts[1] + "; ip -n " + hosts[0] +
                          " link add eth0 type veth peer name eth0 netns " + hosts[1];
        for (int i = 0; i < 2; i++)
            all += "; ip -n " + hosts[i] + " addr add 10.213.7." + std::to_string(i + 1) + "/24 dev eth0; ip -n " +
                   hosts[i] + " link set eth0 up; ip -n " + hosts[i] + " link set lo up";
        return "{ " + all + "; unshare --uts true; }";
    }
    static std::string on(const std::string &host, const std::string &words) {
        return "ip netns exec " + host + " unshare --uts sh -c \"echo " + host + " >/proc/sys/kernel/hostname; exec " +
               words + "\"";
    }
    // One rank on the first host, two on the second; they reach each other by the cable alone.
    std::string ranks(const std::string &runs) const {
        return "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; exec timeout 60 " +
               on(hosts[0], "mpirun --mca plm_rsh_agent " + (folder / "agent").string() +
                                " --mca btl tcp,self --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0 "
                                "--host 10.213.7.1:1,10.213.7.2:2 -n 3 --wdir " +
                                folder.string() + " " + WEFT_BINARY + " sweep e.yaml -o " + runs);
    }
    static std::string query(const std::string &runs, const std::string &sql) {
        const std::string out = weft({"results", runs, "--query", sql, "--csv"}).out;
        return out.substr(std::min(out.size(), out.find('\n') + 1));
    }
    // A rank, not one of its workers.
    pid_t rank_on(const std::string &host) const {
        std::istringstream pids(shell("ip netns pids " + host).out);
        for (pid_t pid; pids >> pid;) {
            const std::string process = "/proc/" + std::to_string(pid), stat = read_file(process + "/stat");
            std::istringstream behind(stat.substr(std::min(stat.size(), stat.rfind(')') + 2)));
            std::string state, parent;
            behind >> state >> parent;
            if (read_file(process + "/comm") == "weft\n" && read_file("/proc/" + parent + "/comm") != "weft\n")
                return pid;
        }
        return 0;
    }
};

TEST_F(Cluster, two_hosts_give_the_rows_of_one_process) {
    ASSERT_EQ(weft({"sweep", "e.yaml", "-o", "one", "--jobs", "1"}).code, 0);
    const std::string rows = weft({"results", "one", "--csv"}).out;
    const Ran run = shell(ranks("two"));
    ASSERT_EQ(run.code, 0) << run.out;
    EXPECT_NE(run.out.find("two: 30 points: 30 computed, 0 known before"), std::string::npos) << run.out;
    EXPECT_EQ(weft({"results", "two", "--csv"}).out, rows);
    EXPECT_EQ(query("two", "SELECT DISTINCT host FROM executions ORDER BY host"), hosts[0] + "\n" + hosts[1] + "\n");
}

TEST_F(Cluster, a_lost_rank_loses_only_what_was_not_committed) {
    ASSERT_EQ(weft({"sweep", "e.yaml", "-o", "one", "--jobs", "1"}).code, 0);
    FILE *job = popen((ranks("two") + " >log 2>&1").c_str(), "r");
    ASSERT_NE(job, nullptr);
    size_t committed = 0;
    for (int i = 0; i < 600 && committed == 0; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (fs::exists("two/runs.db"))
            committed = strtoul(query("two", "SELECT count(*) FROM points").c_str(), nullptr, 10);
    }
    const pid_t rank = rank_on(hosts[1]);
    if (rank > 0) kill(rank, SIGKILL);
    const int ended = pclose(job);
    ASSERT_GT(committed, 0u) << read_file("log");
    ASSERT_GT(rank, 0) << "it was done too soon: " << read_file("log");
    EXPECT_NE(ended, 0) << read_file("log");
    EXPECT_GE(strtoul(query("two", "SELECT count(*) FROM points").c_str(), nullptr, 10), committed);
    const Ran rest = weft({"sweep", "e.yaml", "-o", "two"});
    ASSERT_EQ(rest.code, 0) << rest.err;
    EXPECT_EQ(rest.out.find(" 0 known before"), std::string::npos) << rest.out;
    EXPECT_EQ(weft({"results", "two", "--csv"}).out, weft({"results", "one", "--csv"}).out);
}

} // namespace

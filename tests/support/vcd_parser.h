// Reads value change dumps (IEEE 1364-2001, clause 18) strictly enough to find what a viewer would stumble over.
#ifndef WEFT_TESTS_SUPPORT_VCD_PARSER_H
#define WEFT_TESTS_SUPPORT_VCD_PARSER_H

#include <cstdint>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weft_test {

struct vcd_file {
    std::string timescale;
    struct signal {
        std::string type;
        int bits;
        std::vector<std::pair<uint64_t, uint64_t>> changes; /* time, value */
    };
    std::map<std::string, signal> signals; /* by path */
};

class vcd_parser {
  public:
    explicit vcd_parser(const std::string &text) : in_(text) {
        while (word_ != "$enddefinitions") declaration();
        end();
        values();
    }
    vcd_file file;

  private:
    [[noreturn]] void fail(const std::string &what) { throw std::runtime_error("VCD: " + what + " at " + word_); }
    std::string next() {
        if (!(in_ >> word_)) word_.clear(), fail("ends too early");
        return word_;
    }
    void end() {
        if (next() != "$end") fail("$end expected");
    }
    void declaration() {
        next();
        if (word_ == "$version") {
            while (next() != "$end") {}
        } else if (word_ == "$timescale") {
            file.timescale = next();
            file.timescale += next();
            end();
        } else if (word_ == "$scope") {
            if (next() != "module") fail("module expected");
            scopes_.push_back(identifier());
            end();
        } else if (word_ == "$upscope") {
            if (scopes_.empty()) fail("no scope is open");
            scopes_.pop_back();
            end();
        } else if (word_ == "$var") {
            variable();
        } else if (word_ != "$enddefinitions" || !scopes_.empty()) {
            fail("not expected");
        }
    }
    std::string identifier() {
        next();
        for (char c : word_)
            if (!isalnum(static_cast<unsigned char>(c)) && c != '_') fail("no identifier");
        return word_;
    }
    void variable() {
        vcd_file::signal s;
        s.type = next();
        if (s.type != "wire" && s.type != "reg" && s.type != "integer") fail("unknown type");
        s.bits = std::stoi(next());
        const std::string code = next();
        for (char c : code)
            if (c < '!' || c > '~') fail("no code");
        std::string path;
        for (const std::string &scope : scopes_) path += scope + ".";
        path += identifier();
        end();
        if (!codes_.emplace(code, path).second) fail("code twice");
        if (!file.signals.emplace(path, s).second) fail("signal twice");
    }
    void change(uint64_t time, const std::string &code, const std::string &bits) {
        auto at = codes_.find(code);
        if (at == codes_.end()) fail("unknown code");
        vcd_file::signal &s = file.signals[at->second];
        if (bits.empty() || int(bits.size()) > s.bits || bits.find_first_not_of("01") != std::string::npos)
            fail("no value");
        if (bits.size() > 1 && bits[0] == '0') fail("leading zero");
        s.changes.push_back({time, std::stoull(bits, nullptr, 2)});
    }
    void values() {
        uint64_t time = 0;
        bool begun = false;
        while (in_ >> word_) {
            if (word_[0] == '#') {
                const uint64_t then = std::stoull(word_.substr(1));
                if (begun && then <= time) fail("time does not go on");
                time = then, begun = true;
            } else if (word_ == "$dumpvars" || word_ == "$end") {
                if (!begun) fail("values ahead of the first time");
            } else if (word_[0] == 'b') {
                const std::string bits = word_.substr(1);
                change(time, next(), bits);
            } else {
                change(time, word_.substr(1), word_.substr(0, 1));
            }
        }
    }

    std::istringstream in_;
    std::string word_;
    std::vector<std::string> scopes_;
    std::map<std::string, std::string> codes_;
};

} // namespace weft_test
#endif

// NIR files made with HDF5 itself, right or wrong in one place.
#ifndef WEFT_TESTS_NIR_FILE_H
#define WEFT_TESTS_NIR_FILE_H

#include <hdf5.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/nir_fixture.h"

namespace weft_test {

// A file of its own, gone with the object.
class NirFile {
  public:
    explicit NirFile(const std::string &path) : path_(path) {
        file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    }
    ~NirFile() {
        close();
        std::filesystem::remove(path_);
    }
    NirFile(const NirFile &) = delete;
    NirFile &operator=(const NirFile &) = delete;

    hid_t id() const { return file_; }
    const std::string &path() const { return path_; }
    void close() {
        if (file_ >= 0) H5Fclose(file_);
        file_ = -1;
    }
    std::string bytes() {
        close();
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void group(const std::string &at) { H5Gclose(H5Gcreate2(file_, at.c_str(), 0, 0, 0)); }
    void remove(const std::string &at) { H5Ldelete(file_, at.c_str(), H5P_DEFAULT); }
    void hard_link(const std::string &to, const std::string &at) {
        H5Lcreate_hard(file_, to.c_str(), file_, at.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }
    void soft_link(const std::string &to, const std::string &at) {
        H5Lcreate_soft(to.c_str(), file_, at.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }

    // Replaces what is there.
    void put(const std::string &at, hid_t type, hid_t memory, const std::vector<hsize_t> &sizes, const void *data,
             hid_t plist = H5P_DEFAULT) {
        if (H5Lexists(file_, at.c_str(), H5P_DEFAULT) > 0) remove(at);
        const hid_t space = sizes.empty() ? H5Screate(H5S_SCALAR)
                                          : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr);
        const hid_t set = H5Dcreate2(file_, at.c_str(), type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
        if (data) H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
        H5Dclose(set);
        H5Sclose(space);
    }
    void numbers(const std::string &at, const std::vector<hsize_t> &sizes, const Values &values,
                 hid_t type = H5T_IEEE_F32LE, hid_t plist = H5P_DEFAULT) {
        put(at, type, H5T_NATIVE_DOUBLE, sizes, values.data(), plist);
    }
    void texts(const std::string &at, const std::vector<hsize_t> &sizes, const std::vector<const char *> &values) {
        const hid_t type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
        H5Tset_cset(type, H5T_CSET_UTF8);
        put(at, type, type, sizes, values.data());
        H5Tclose(type);
    }
    void text(const std::string &at, const char *value) { texts(at, {}, {value}); }
    void edges(const std::string &graph, const std::vector<const char *> &names) {
        texts(graph + "/edges", {names.size() / 2, 2}, names);
    }
    void begin_graph(const std::string &at) {
        group(at);
        text(at + "/type", "NIRGraph");
        group(at + "/nodes");
    }
    void node(const std::string &at, const char *type) {
        group(at);
        text(at + "/type", type);
    }
    void port(const std::string &at, const char *type, double size) {
        node(at, type);
        numbers(at + "/shape", {1}, {size}, H5T_STD_I64LE);
    }

    // input -> lif -> output, of 2 neurons.
    void fill() {
        text("/version", "0.2.0");
        begin_graph("/node");
        port("/node/nodes/input", "Input", 2);
        port("/node/nodes/output", "Output", 2);
        node("/node/nodes/lif", "LIF");
        numbers("/node/nodes/lif/tau", {2}, {0.01, 0.02});
        numbers("/node/nodes/lif/r", {2}, {1, 1});
        numbers("/node/nodes/lif/v_leak", {2}, {0, 0});
        numbers("/node/nodes/lif/v_threshold", {2}, {1, 1});
        edges("/node", {"input", "lif", "lif", "output"});
    }

  private:
    std::string path_;
    hid_t file_;
};

} // namespace weft_test

#endif

# Every library weft stands on; scripts/setup installs them on Debian.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C CXX)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.37)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(LIBMD REQUIRED IMPORTED_TARGET libmd)
find_program(PROTOC_C protoc-c REQUIRED)
find_path(ONNX_PROTO_FOLDER onnx/onnx.proto REQUIRED)

find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.h REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(weft_dnnl INTERFACE)
target_include_directories(weft_dnnl SYSTEM INTERFACE ${DNNL_INCLUDE})
target_link_libraries(weft_dnnl INTERFACE ${DNNL_LIBRARY})

# OpenBLAS with its LAPACK; the serial build where there is a choice, since sums must not depend on its threads.
set(OPENBLAS_FOLDER ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial)
find_library(OPENBLAS_LIBRARY openblas PATH_SUFFIXES ${OPENBLAS_FOLDER} openblas-serial REQUIRED)
find_path(OPENBLAS_INCLUDE cblas.h PATH_SUFFIXES ${OPENBLAS_FOLDER} openblas-serial openblas REQUIRED)
add_library(weft_openblas INTERFACE)
target_include_directories(weft_openblas SYSTEM INTERFACE ${OPENBLAS_INCLUDE})
target_link_libraries(weft_openblas INTERFACE ${OPENBLAS_LIBRARY})

# Nodal equations of arrays with wires. CHOLMOD stands on libblas and liblapack of whichever BLAS is the system's; where
# there are several, those of the OpenBLAS above are named ahead of it, so that one OpenBLAS alone is loaded.
find_path(CHOLMOD_INCLUDE cholmod.h PATH_SUFFIXES suitesparse REQUIRED)
find_library(CHOLMOD_LIBRARY cholmod REQUIRED)
add_library(weft_cholmod INTERFACE)
target_include_directories(weft_cholmod SYSTEM INTERFACE ${CHOLMOD_INCLUDE})
get_filename_component(OPENBLAS_LIBRARY_FOLDER ${OPENBLAS_LIBRARY} DIRECTORY)
find_library(OPENBLAS_LAPACK lapack PATHS ${OPENBLAS_LIBRARY_FOLDER} NO_DEFAULT_PATH)
find_library(OPENBLAS_BLAS blas PATHS ${OPENBLAS_LIBRARY_FOLDER} NO_DEFAULT_PATH)
if(OPENBLAS_LAPACK AND OPENBLAS_BLAS)
  target_link_libraries(weft_cholmod INTERFACE -Wl,--push-state,--no-as-needed ${OPENBLAS_LAPACK} ${OPENBLAS_BLAS} -Wl,--pop-state)
endif()
target_link_libraries(weft_cholmod INTERFACE ${CHOLMOD_LIBRARY})

# Placement; its error handlers are the mapper's own, which print nothing.
find_path(SCOTCH_INCLUDE scotch.h PATH_SUFFIXES scotch REQUIRED)
find_library(SCOTCH_LIBRARY scotch REQUIRED)
add_library(weft_scotch INTERFACE)
target_include_directories(weft_scotch SYSTEM INTERFACE ${SCOTCH_INCLUDE})
target_link_libraries(weft_scotch INTERFACE ${SCOTCH_LIBRARY})

# Sweeps over several machines; without it they run on one.
find_package(MPI COMPONENTS C QUIET)

if(WEFT_SYSTEMC)
  pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
endif()
if(WEFT_TESTS OR WEFT_BENCH)
  find_package(GTest REQUIRED)
endif()

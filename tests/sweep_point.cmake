weft_binary_test(e2e point weft_point PkgConfig::CJSON OpenMP::OpenMP_CXX)
if(WEFT_SYSTEMC)
  target_compile_definitions(e2e_point_test PRIVATE WEFT_HAVE_SYSTEMC)
endif()

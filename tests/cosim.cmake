if(WEFT_SYSTEMC)
  weft_test(golden cosim weft_cosim)
  weft_test(property cosim weft_cosim weft_mapper OpenMP::OpenMP_CXX)
endif()

weft_test(golden crossbar weft_model)
weft_test(property array weft_model)
weft_test(property engine weft_model OpenMP::OpenMP_CXX)
weft_test(unit engine weft_model)

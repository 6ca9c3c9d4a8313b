weft_test(property snn weft_float_network)
weft_test(unit nir weft_snn PkgConfig::HDF5)
weft_test(unit nir_bad weft_snn PkgConfig::HDF5)
weft_test(unit snn weft_float_network)

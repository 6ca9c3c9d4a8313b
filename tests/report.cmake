weft_test(golden spiking_energy weft_report)
weft_test(unit raster weft_report)
weft_test(unit report weft_report PkgConfig::CJSON)
weft_test(unit json weft_report PkgConfig::CJSON)

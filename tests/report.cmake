weft_test(unit report weft_report PkgConfig::CJSON)
weft_test(unit json weft_report PkgConfig::CJSON)

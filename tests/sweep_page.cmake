weft_test(unit sweep_queue weft_sweep)
weft_test(unit search weft_sweep)
weft_test(unit page weft_page)
weft_binary_test(cli sweep PkgConfig::CJSON)

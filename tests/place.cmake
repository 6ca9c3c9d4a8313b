weft_test(unit place weft_place)
weft_test(unit chip_route weft_place)
weft_test(property place weft_place weft_noc)
weft_test(unit draw weft_mapper)

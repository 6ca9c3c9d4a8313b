weft_test(unit noc weft_noc)
weft_test(property noc weft_noc)

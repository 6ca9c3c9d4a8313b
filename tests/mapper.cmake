weft_test(golden mapper weft_mapper)
weft_test(property mapper weft_mapper)
weft_test(property activations weft_model weft_mapper)
weft_test(golden presets weft_mapper)

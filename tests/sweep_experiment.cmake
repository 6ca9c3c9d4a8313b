weft_test(unit experiment weft_experiment)
weft_test(golden experiments weft_experiment)
weft_test(property experiment weft_experiment)

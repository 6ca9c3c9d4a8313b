weft_test(unit neuron weft_spike)
weft_test(conformance neuron weft_spike)
weft_test(unit sparse weft_spike)
weft_test(property sparse weft_spike)

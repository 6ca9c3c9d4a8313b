weft_test(golden spike_mapping weft_spike_layout)
weft_test(unit spike_layout weft_spike_layout)
weft_test(property spike_layout weft_spike_layout)

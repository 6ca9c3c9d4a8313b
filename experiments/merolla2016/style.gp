# Ours solid with 95 % intervals, the paper's dashed, a colour a net (Okabe and Ito's palette).
colour(net) = net eq "None-NC" ? "#000000" : net eq "None-C" ? "#0072B2" : net eq "Sign-C" ? "#D55E00" : \
              net eq "Stoch-C" ? "#009E73" : net eq "Power-C" ? "#CC79A7" : "#E69F00"
set datafile separator ","
set key opaque
set grid ytics lc rgb "#DDDDDD"
set border 3
set tics nomirror
set ylabel "test error, %"

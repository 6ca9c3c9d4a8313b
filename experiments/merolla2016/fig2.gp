# Fig. 2 A-C. Given: results, paper, nets.
load system("dirname '".paper."'")."/style.gp"
ours(net, transform) = sprintf("< awk -F, '$1 ~ /^%s:/ { print $3 \",\" $4 \",\" $6 \",\" $7 }' '%s/%s.csv'", \
                               transform, results, net)
theirs(net, figure) = sprintf("< awk -F, '$1 == \"%s\" && $2 == \"%s\" { print $4 \",\" $5 }' '%s'", figure, net, paper)
set multiplot layout 1, 3 margins 0.045, 0.985, 0.22, 0.9 spacing 0.05, 0 \
    title "Test error under weight distortion: ours solid (95 % intervals), Merolla et al. 2016 dashed"
set yrange [0:100]
set key at screen 0.5, 0.05 center horizontal maxrows 1 samplen 2
set xlabel "A: AddNorm, standard deviation / max abs(w)"
plot for [net in nets] ours(net, "addnorm") using 1:2:3:4 with yerrorlines lc rgb colour(net) pt 7 ps 0.4 title "Tr-".net, \
     for [net in nets] theirs(net, "fig2a") using 1:2 with lines dt 2 lc rgb colour(net) notitle
unset key
set yrange [0:*]
set xlabel "B: MultUnif, gamma"
plot for [net in nets] ours(net, "multunif") using 1:2:3:4 with yerrorlines lc rgb colour(net) pt 7 ps 0.4, \
     for [net in nets] theirs(net, "fig2b") using 1:2 with lines dt 2 lc rgb colour(net)
set xlabel "C: Power, beta"
plot for [net in nets] ours(net, "power") using 1:2:3:4 with yerrorlines lc rgb colour(net) pt 7 ps 0.4, \
     for [net in nets] theirs(net, "fig2c") using 1:2 with lines dt 2 lc rgb colour(net)
unset multiplot

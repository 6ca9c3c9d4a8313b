# Fig. 1 B-D for Tr-Sign-C. Given: results, paper.
load system("dirname '".paper."'")."/style.gp"
curve = results."/Sign-C-curve.csv"
layers = results."/Sign-C-layers.csv"
epochs = real(system("awk -F, '$1 + 0 > most { most = $1 } END { print most + 0 }' '".curve."'"))
ours(transform) = sprintf("< awk -F, '$2 == \"%s\" { print $1 \",\" $3 \",\" $4 \",\" $5 }' '%s'", transform, curve)
theirs(figure, quantity) = sprintf("< awk -F, '$1 == \"%s\" && $3 == \"%s\" { print $4 \",\" $5 }' '%s'", figure, \
                                   quantity, paper)
set multiplot layout 1, 3 margins 0.045, 0.985, 0.15, 0.9 spacing 0.05, 0 title "Tr-Sign-C: ours solid, Merolla et al. 2016 dashed"
set yrange [0:*]
set xrange [0:1]
set xlabel sprintf("B: share of the training (ours: %.0f epochs, theirs: 500)", epochs)
plot ours("none") using ($1 / epochs):2:3:4 with yerrorlines lc rgb "#0072B2" pt 7 ps 0.4 title "Te-None", \
     ours("sign") using ($1 / epochs):2:3:4 with yerrorlines lc rgb "#D55E00" pt 7 ps 0.4 title "Te-Sign", \
     theirs("fig1b", "none") using ($1 / 500):2 with lines dt 2 lc rgb "#0072B2" notitle, \
     theirs("fig1b", "sign") using ($1 / 500):2 with lines dt 2 lc rgb "#D55E00" notitle
unset key
set xrange [0.5:8.5]
set xtics 1
set yrange [0:1]
set ylabel "mean abs(W - Sign(W)) / a"
set xlabel "C: layer"
plot layers every ::1 using 2:5 with linespoints lc rgb "#D55E00" pt 7, \
     theirs("fig1c", "distance") using 1:2 with linespoints dt 2 lc rgb "#D55E00" pt 6
set ylabel "correlation of activity between W and Sign(W)"
set xlabel "D: layer"
plot layers every ::1 using 2:7 with linespoints lc rgb "#D55E00" pt 7, \
     theirs("fig1d", "correlation") using 1:2 with linespoints dt 2 lc rgb "#D55E00" pt 6
unset multiplot

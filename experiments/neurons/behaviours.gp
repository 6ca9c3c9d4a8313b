# A panel a circuit: spikes above, the membrane with its threshold, the input below (inhibition downwards). Given: folder, index, output.
set terminal pngcairo size 1280,1000 font 'sans,10' background '#ffffff'
set output output
set datafile missing 'NaN'
unset key
set border 1 lc rgb '#4A4F57'
set yrange [0:1.02]
set xrange [0:*] noextend
unset ytics
set xtics 100 nomirror out scale 0.4 font ',8' offset 0,0.5
count = int(system("wc -l < '".index."'"))
entry(i, field) = system(sprintf("sed -n '%dp' '%s' | cut -d'|' -f%d", i, index, field))
set multiplot layout 4,5 margins 0.012,0.988,0.035,0.965 spacing 0.016,0.06
do for [i = 1:count] {
    data = folder."/".entry(i, 1).".dat"
    set title sprintf("%d  %s", i, entry(i, 2)) font 'sans,9' offset 0,-0.8
    plot data using 1:6 with lines dt 3 lc rgb '#8A9099', \
         0.14 with lines lw 0.5 lc rgb '#8A9099', \
         data using 1:(0.14):(0):($2 - 0.14) with vectors nohead lw 1.6 lc rgb '#009E73', \
         data using 1:(0.14):(0):($3 - 0.14) with vectors nohead lw 1.6 lc rgb '#D55E00', \
         data using 1:4 with lines lw 1.2 lc rgb '#0072B2', \
         data using 1:5:(0):(0.18) with vectors nohead lw 1.4 lc rgb '#E69F00'
}
unset multiplot

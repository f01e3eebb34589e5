#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sensors as the program shows them: a processor made of files, whose counter of
# energy goes on while a run lasts.
: "${srcdir:?}" "${builddir:?}"
. "$srcdir/tests/program.sh"
export HCBENCH_SENSOR_ROOT="$work/root" HCBENCH_NULL=ok,ok

# Without any: said once for both devices, not in each row, and nothing made up.
# shellcheck disable=SC2086 # a list of options
expect 0 run -p null $tiny --csv "$work/none.csv" --json "$work/none.json"
tr -d '\n' <"$work/out" | tr -s ' ' >"$work/line"
says line 'not readable for null:0, null:1: energy: there is no .*/intel-rapl:\*/energy_uj; clock: '
[ "$(grep -c 'not readable' "$work/out")" -eq 1 ] || note "the reason is not said once"
says none.json '"unreadable": *"energy: there is no'
says none.csv 'power.energy_j'
grep -Eq '"(energy_j|mhz|samples_mhz|c|samples_c|throttled)":' "$work/none.json" && note "figures without a sensor"

zone=$work/root/sys/class/powercap/intel-rapl:0
freq=$work/root/sys/devices/system/cpu
mkdir -p "$zone" "$work/root/sys/class/hwmon/hwmon0"
echo package-0 >"$zone/name"
echo 262143328850 >"$zone/max_energy_range_uj"
echo 0 >"$zone/energy_uj"
echo k10temp >"$work/root/sys/class/hwmon/hwmon0/name"
echo 61500 >"$work/root/sys/class/hwmon/hwmon0/temp1_input"
cpu=0
while [ $cpu -lt 64 ]; do
	mkdir -p "$freq/cpu$cpu/cpufreq"
	echo 2500000 >"$freq/cpu$cpu/cpufreq/scaling_cur_freq"
	cpu=$((cpu + 1))
done
# 0.1 J every 10 ms or so, until the run is over; renamed, so that it is whole.
touch "$work/running"
(
	energy=0
	while [ -e "$work/running" ]; do
		energy=$((energy + 100000))
		echo $energy >"$zone/next" && mv "$zone/next" "$zone/energy_uj"
		sleep 0.01
	done
) &
counter=$!
# shellcheck disable=SC2086
expect 0 run -d null:0 -i tile $tiny --csv "$work/some.csv" --json "$work/some.json"
rm "$work/running"
wait $counter

# figure NAME: its value in the only row.
figure() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ gsub(/"/, "", $at[name]); print $at[name] }' "$work/some.csv"
}
[ "$(figure power.source)" = "powercap package" ] || note "power.source is '$(figure power.source)'"
[ "$(figure clock.mhz)" = 2500 ] || note "clock.mhz is '$(figure clock.mhz)'"
[ "$(figure temperature.max_c)" = 61.5 ] || note "temperature.max_c is '$(figure temperature.max_c)'"
awk -v joules="$(figure power.energy_j)" -v watts="$(figure power.watts)" \
	-v rate="$(figure power.gflop_per_j)" -v flops="$(figure flops)" \
	'BEGIN { error = rate * joules * 1e9 / flops - 1
		exit !(joules > 0 && watts > 0 && error < 1e-9 && error > -1e-9) }' ||
	note "energy: $(figure power.energy_j) J, $(figure power.watts) W, $(figure power.gflop_per_j)"
for member in energy_j mhz samples_mhz c samples_c; do
	says some.json "\"$member\":"
done
grep -q 'not readable' "$work/out" && note "something is not readable after all"

# verify measures nothing, so it has nothing to say.
expect 0 verify -p null -o sum -P f32 -n 16
grep -q 'not readable' "$work/out" && note "verify speaks of sensors"
finish

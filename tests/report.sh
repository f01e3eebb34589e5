#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2123 # PATH is where gnuplot is looked for
# hcbench report without a browser: exit statuses, what the page holds, the files of
# --plots, and gnuplot that is missing, fails, hangs, or draws something else.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
make_result=${builddir:?}/tests/make_result
gnuplot=$(command -v gnuplot)
cd "$work" || exit 99
OWNED=$work/owned # what the commands in hostile texts would make
export OWNED
for kind in plain hostile small impls alike cached empty; do
	"$make_result" "$kind" "$kind.json" || note "no result file $kind"
done

# with_gnuplot PROGRAM: a PATH on which gnuplot is this shell script.
with_gnuplot() {
	mkdir -p fake
	printf '#!/bin/sh\n%s\n' "$1" >fake/gnuplot
	chmod +x fake/gnuplot
}
# tabled: the page has its tables, no drawing, and says why.
tabled() {
	grep -q "$1" page.html || note "the page does not say: $1"
	grep -q '<table>' page.html || note "the page has no tables"
	grep -q '<figure' page.html && note "the page has a figure"
	grep -q '</html>' page.html || note "the page has no end"
}
here=$PATH

# The command line.
expect 2 report
says err "takes FILE"
expect 2 report small.json
says err 'needs --output'
expect 2 report small.json -o small.json
says err "'small.json' is read"
expect 2 report small.json -o page.html --size 5
says err "does not take --size"
expect 0 report --help
says out '^  -o, --output FILE'
grep -q 'hcbench-result' small.json || note "the input was overwritten"

# Inputs that are no result files: one line, no page.
echo '{"format": "else"}' >foreign.json
head -c 2000 plain.json >cut.json
for file in missing.json foreign.json cut.json .; do
	rm -f page.html
	expect 1 report small.json "$file" -o page.html
	[ "$(wc -l <err)" -eq 1 ] || note "not one line for $file: $(cat err)"
	[ -e page.html ] && note "a page was written for $file"
done

# Operands in a cache have no share of a roof; the table says why.
expect 0 report cached.json -o page.html
grep -q '<td class="n">cache</td>' page.html || note "the page does not say that rows are in a cache"

# Outputs that cannot be written.
expect 1 report small.json -o missing/folder/page.html
says err 'missing/folder/page.html'
[ -e /dev/full ] && expect 1 report small.json -o /dev/full

# Without gnuplot: tables alone, and the page says so.
PATH=$work/nothing
export PATH
expect 0 report plain.json -o page.html
PATH=$here
says err 'no gnuplot on PATH'
tabled 'This page has no plots: there is no gnuplot on PATH'

# A gnuplot that fails, hangs, lies, or draws what no page should hold.
PATH=$work/fake:$here
with_gnuplot 'echo "line 3: out of ink" >&2; exit 1'
expect 0 report plain.json -o page.html
tabled 'out of ink'
with_gnuplot "[ ! -e $work/pid ] || exit 1; echo \$\$ >$work/pid; sleep 20 & wait; echo >$work/ended"
expect 0 report plain.json -o page.html --timeout 0.3
tabled 'took longer than 0.3 s'
kill -0 "$(cat pid)" 2>/dev/null && note "a gnuplot that hangs was left"
[ -e ended ] && note "hcbench waited for a gnuplot that hangs"
with_gnuplot 'kill -9 $$'
expect 0 report plain.json -o page.html
tabled 'signal 9'
with_gnuplot 'exit 0'
expect 0 report plain.json -o page.html
tabled 'gnuplot made no'
for drawing in '<svg><script>alert(1)</script></svg>' '<svg><g>' '<svg><a href="http://192.0.2.1/">x</a></svg>'; do
	with_gnuplot "cd \"\$(dirname \"\$2\")\"; echo '$drawing' >wide.svg; cp wide.svg narrow.svg"
	expect 0 report plain.json -o page.html
	tabled 'did not write a whole SVG'
	grep -q 'alert(1)\|192\.0\.2\.1' page.html && note "a strange drawing came through"
done
with_gnuplot 'exit 1'
expect 1 report plain.json -o page.html --plots undrawn
says err 'undrawn: not every plot is drawn'
for file in matmul-f32-kernel.tsv sum-f32-kernel.gp; do
	[ -s undrawn/$file ] || note "$file is not there without gnuplot"
done
PATH=$here
find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'hcbench-??????' -newer small.json -user "$(id -un)" 2>/dev/null |
	while read -r folder; do
		[ -e "$folder/start.gp" ] && grep -q "$work" "$folder/start.gp" && echo "$folder"
	done | grep . && note "temporary folders were left"

[ -n "$gnuplot" ] || { [ "$failures" -eq 0 ] && echo "there is no gnuplot" && exit 77; finish; }

# A page on stdout is the page, and the same each time; .gz is packed.
expect 0 report plain.json -o page.html
[ -s err ] && note "messages of a good report: $(cat err)"
expect 0 report plain.json -o -
cmp -s out page.html || note "-o - is another page"
expect 0 report plain.json -o page.html.gz
gzip -dc page.html.gz | cmp -s - page.html || note "the packed page is another one"
expect 0 report empty.json -o empty.html
grep -q 'Nothing to compare' empty.html || note "no word about a file without rows"

# What the page says: figures as in the file, failures, every warning, the machine.
has() {
	grep -qF -- "$1" page.html || note "the page lacks: $1"
}
has 'element (17, 4) is 1.5, not 2.25'
has 'SIGSEGV in the step &#39;sample&#39;'
has 'the driver has no 16-bit floats'
has 'Linux 6.1'
has 'Prescott'
has 'A software driver that computes on the CPU'
has 'opencl:1*/tile'
has 'Break-even'
[ "$(grep -o '<figure' page.html | wc -l)" -eq 23 ] || note "not 23 figures"
wanted=$(awk '/^   \]/ { inside = 0 } inside { n++ } /^   "warnings"/ { inside = 1 } END { print n }' plain.json)
listed=$(sed -n '/<details>/,/<\/details>/p' page.html | grep -c '<li>')
[ "$wanted" -eq "$listed" ] || note "$listed of $wanted warnings are listed"
ratio=$(awk '/^   "device"/ { row = /"opencl:0"/ } /^   "op"/ { row = row && /"sum"/ }
	row && /"n": 16777216$/ { found = 1 } found && /"ratio"/ { print $2 + 0; exit }' plain.json)
has "$(printf '%.1f×' "$ratio")"

# The answer is about the largest size that both sides did, not about the shape with
# the most operations, and names the fastest impl of each clock.
# answer OP DEVICE: the cells behind the name of a row of the first table.
answer() {
	sed -n '/id="answer"/,/<\/section>/p' page.html | grep -F "<th>$1<" | grep -F ">$2, " |
		sed 's/<svg.*svg>//; s/<\/td>/|/g; s/<[^>]*>/ /g'
}
answer 'matmul f32' opencl:0 | grep -q 'opencl:0, 2048 ' || note "not the largest cube: $(answer 'matmul f32' opencl:0)"
answer 'matmul f32' 'opencl:1*' | grep -q slower || note "a software driver is not marked"
expect 0 report impls.json -o page.html
[ "$(grep -c 'wrong</b> ' page.html)" -eq 4 ] || note "not 4 rows are wrong"
answer 'matmul f32' opencl:0 | grep -Eq 'opencl:0, 256 .*▲ [0-9.]+×  faster .* tile *\|.*▲ [0-9.]+×  faster .* clblast *\|' ||
	note "not the fastest impl of each clock: $(answer 'matmul f32' opencl:0)"
answer 'matmul f32' 'opencl:1*' | grep -Eq '256 .*◆ [0-9.]+×  no difference shown .*\|.*no difference shown' ||
	note "a ratio of 1 is no difference: $(answer 'matmul f32' 'opencl:1*')"
# No speedup of a row that is not ok, or over one that is not.
[ "$(grep -c '<td class="n x">[0-9]' page.html)" -eq 3 ] || note "a speedup of a failed row is shown"

# The best of five that are as fast as a single one is less sure.
expect 0 report alike.json -o page.html
answer 'matmul f32' opencl:0 | grep -Eq 'opencl:0, 256 [^|]*▲ [0-9.]+×  faster .*\| *256 *\|' ||
	note "one impl is not faster: $(answer 'matmul f32' opencl:0)"
answer 'matmul f32' vulkan:0 | grep -Eq 'vulkan:0, 256 [^|]*◆ [0-9.]+×  no difference shown .*\| *none of 1 *\|' ||
	note "the best of five impls is as sure as one: $(answer 'matmul f32' vulkan:0)"

# All of a real run is there: every warning, those of the roofs too, and whatever is
# known of machine and devices.  No interval is as narrow as is asked for.
expect 0 -p cpu -o sum -P f32 -n 4096 --min-time 0 --max-time 0.05 --min-runs 3 --max-runs 3 --ci 0.001 --roofline --json real.json -q
expect 0 report real.json -o page.html
if command -v jq >/dev/null 2>&1; then
	jq -r '[.. | objects | .warnings? // empty | .[]] | .[] | @html' real.json >texts
	[ -s texts ] || note "a run without warnings"
	jq -r '(.environment | del(.memory_bytes)), (.devices[] | del(.memory_bytes, .max_buffer_bytes, .cache_bytes, .roofline)) |
		.. | strings, (numbers | select(. == floor)) | @html' real.json >>texts
	sed -i "s/&apos;/\&#39;/g" texts # of some versions of jq
	while read -r text; do
		has "$text"
	done <texts
fi

# Two files side by side.
expect 0 report plain.json hostile.json -o page.html
has 'example-host'
has '&lt;b&gt;'
# shellcheck disable=SC2016 # a backquote
grep -q '<b>`' page.html && note "a host's name became markup"

# Where the time of a pass goes: the parts add up to the pass, and the label is its time.
expect 0 report plain.json -o page.html --plots one
for precision in f32 i8i32; do
	awk -F '\t' 'NR > 1 { d = ($3 + $4 + $5 + $6) / $2 - 1
		if (d > 1e-9 || d < -1e-9 || $6 < 0 || $7 > $8 || $8 > $9 || $9 > 100 || $10 != 100) print
		rests += $6 > $4 / 3; cuts += $6 == 0 } END { if (!rests || !cuts) print "rests", rests, "cuts", cuts }' \
		one/matmul-$precision-time.tsv | grep . && note "parts of $precision that are no whole"
	awk -F ', ' 'NR > 1 { print $2 }' one/matmul-$precision-time.tsv >pass-times
	[ -s pass-times ] || note "labels of $precision without a time"
	while read -r time; do
		has "<td class=\"n\">$time</td>"
	done <pass-times
done
awk '/"end_to_end": \{/ { inside = 1 } inside && /"median_s"/ { print $2 + 0; inside = 0 }' plain.json >medians
cut -f 2 one/matmul-f32-time.tsv | sed 1d >pass-times
while read -r time; do
	awk -v time="$time" '$1 / time > 0.9999 && $1 / time < 1.0001 { found = 1 } END { exit !found }' medians ||
		note "$time s is the median of no pass"
done <pass-times
has 'Launch is timed apart from the pass'

# The legend of a roofline has the colors of points that are under no roof of their own.
tr -d '\n' <page.html | sed 's/.*<figure id="roofline-1-1"//; s/<\/figure>.*//' >figure
for precision in f16f32 i8i32; do
	grep -q "▬</span> $precision<" figure || note "no key for points of $precision"
done
# Bars of two files are told apart even where the label has no room for the file.
for i in 1 2; do
	cp plain.json "a-result-file-of-a-rather-long-name-$i.json"
done
expect 0 report a-result-file-*.json -o page.html --plots two
cut -f 11 two/matmul-f32-time.tsv | sort | uniq -d | grep . && note "two bars have the same label"
has '△</span> a-result-file-of-a-rather-long-name-2.json opencl:0/clblast'

# --plots: data, scripts and drawings of each plot, which draw the same again.
expect 0 report hostile.json plain.json -o page.html --plots plots
[ -e "$OWNED" ] && note "a text of a file was carried out"
count() {
	find plots -name "*.$1" -size +0 | wc -l
}
for ending in tsv gp svg png; do
	[ "$(count $ending)" -eq 27 ] || note "$(count $ending) files .$ending of 27"
done
head -n 1 plots/matmul-f32-kernel.tsv | grep -q "$(printf 'size\tGFLOP/s\tGFLOP/s_ci95_low')" ||
	note "the data name no units"
cp plots/matmul-f32-end-to-end.svg before.svg
(cd plots && rm ./*.svg ./*.png && "$gnuplot" -d matmul-f32-end-to-end.gp) || note "a script does not run by itself"
cmp -s before.svg plots/matmul-f32-end-to-end.svg || note "a script draws another plot"
expect 0 report small.json -o page.html --plots plots
: >file
expect 1 report small.json -o page.html --plots file
says err "file"
finish

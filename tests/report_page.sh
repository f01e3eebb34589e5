#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reports in headless Chromium: no console message, no outside request, nothing over
# something else at 360 and 1400 pixels of width, and texts of hostile files as text.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
make_result=${builddir:?}/tests/make_result

browser=
for name in chromium chromium-browser google-chrome; do
	command -v "$name" >/dev/null 2>&1 && browser=$name && break
done
[ -n "$browser" ] || { echo "there is no Chromium" && exit 77; }
command -v gnuplot >/dev/null 2>&1 || { echo "there is no gnuplot" && exit 77; }
cd "$work" || exit 99
OWNED=$work/owned # what the commands in hostile texts would make
export OWNED

# Chromium needs no sandbox around our own files, and as root it has none.
browse() {
	timeout 300 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--no-first-run --disable-background-networking --disable-component-update \
		--user-data-dir="$work/profile" --enable-logging=stderr --v=0 --window-size=1900,1200 \
		--virtual-time-budget=60000 --dump-dom "file://$work/$1" >"$1.dom" 2>"$1.log" </dev/null
}

# frame NAME PAGE WIDTH: a frame of this width around a page.
frame() {
	echo "<iframe name=\"$1\" src=\"$2\" style=\"width:$3px;height:1000px;border:0\"></iframe>"
}

# checked PAGE: a copy that measures itself.  Our policy would keep the script out.
checked() {
	{
		grep -v 'http-equiv="Content-Security-Policy"' "$1"
		echo '<script>'
		cat "$srcdir/tests/page_check.js"
		echo '</script>'
	} >"checked-$1"
}

# look NAME: what the checks say of the frames of a page.
look() {
	{
		cat <<'END'
<!DOCTYPE html>
<meta charset="utf-8">
<pre id="said"></pre>
<script>
addEventListener("message", (event) => {
  said.append("verdict " + JSON.stringify(event.data), document.createElement("br"));
});
</script>
END
		cat
	} >"$1.html"
	browse "$1.html" || note "$browser ended with status $?"
	sed -n '/id="said"/,/<\/pre>/p' "$1.html.dom" | sed 's/<br>/\n/g' | grep -o 'verdict {.*}' >"$1.said"
}

for kind in plain hostile small; do
	"$make_result" "$kind" "$kind.json" || note "no result file $kind"
done
expect 0 report plain.json -o plain.html
expect 0 report hostile.json plain.json -o both.html --plots plots
expect 0 report small.json -o small.html
PATH=/nonexistent expect 0 report hostile.json -o tables.html
[ -e "$OWNED" ] && note "a text of a file was carried out"

# Nothing is loaded from anywhere: no address, no import, and a policy that forbids it.
for page in plain both small tables; do
	grep -q "default-src 'none'; style-src 'unsafe-inline'; img-src data:" "$page.html" ||
		note "$page.html has no policy"
	# In tags; texts of files have their angle brackets escaped.
	grep -oE '<[^>]*>' "$page.html" | grep -E '(src|href)="[^#"]|url\(|@import|srcset|<(script|link|img|iframe)' &&
		note "$page.html has an address"
	sed -n '/<style>/,/<\/style>/p' "$page.html" | grep -E 'url\(|@import' && note "the style loads something"
	checked "$page.html"
done

# The pages as they are: the console stays silent.
{
	for page in plain both tables; do
		frame "$page" "$page.html" 1400
	done
} | look originals
grep -E 'CONSOLE|Refused|ERR_' originals.html.log && note "messages on the console"

# Their copies, at the widths of a phone and of a desk.
{
	for page in plain both small tables; do
		frame "$page-360" "checked-$page.html" 360
		frame "$page-1400" "checked-$page.html" 1400
	done
} | look copies
[ "$(wc -l <copies.said)" -eq 8 ] || note "$(wc -l <copies.said) pages of 8 were measured"
grep -v '"problems":\[\]' copies.said | while read -r line; do echo "$line"; done >bad
[ -s bad ] && note "$(cat bad)"
grep -E '"name":"(plain|both)-[0-9]+","drawings":0' copies.said && note "a page without drawings"
grep -E '"name":"tables-[0-9]+","drawings":[1-9]' copies.said && note "drawings without gnuplot"
sed 's/"problems".*//' copies.said
finish

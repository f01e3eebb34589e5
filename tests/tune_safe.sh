#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The table of bench/tune_safe.sh, made of a program whose rows are known.
: "${srcdir:?}" "${builddir:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"

# Rows are those of $work/rows, "KIND PAIR row" with a number or `any` for PAIR; one that is
# not ok makes the exit status 1.  $work/order has the runs.
cat >"$work/hcbench" <<'EOS'
#!/bin/sh
[ "$1" = run ] || exit 0
kind=tuned
while [ $# -gt 0 ]; do
	case $1 in
	--seed) pair=$2 ;;
	--no-tuned) kind=table ;;
	esac
	shift
done
echo "$kind" >>"$FAKES/order"
[ ! -e "$FAKES/crash-$kind-$pair" ] || kill -SEGV $$
echo 'device,impl,op,precision,shape.m,shape.n,shape.k,status,kernel.median_s,wall.median_s,tuning'
sed -n "s/^$kind $pair //p; s/^$kind any //p" "$FAKES/rows" | tee "$FAKES/last"
! grep -qv ',ok,' "$FAKES/last"
EOS
chmod +x "$work/hcbench"

# safe STATUS: its table of the rows in $work/rows, in $work/out.
safe() {
	rm -f "$work/order"
	FAKES=$work HCBENCH=$work/hcbench KEEP=$work/kept "$srcdir/bench/tune_safe.sh" 6 >"$work/out" 2>"$work/err"
	got=$?
	[ $got -eq "$1" ] || { note "exit status $got, not $1"; cat "$work/out" "$work/err"; }
}

# One that is twice as fast, by the kernel's clock, and one that is as it was; those of a
# pair take turns in being the first.
cat >"$work/rows" <<'EOS'
table any null:0,tile,matmul,f32,8,9,10,ok,2,7,table
tuned any null:0,tile,matmul,f32,8,9,10,ok,1,7,tuned
table any null:0,tile,sum,f32,,9,,ok,,4,table
tuned any null:0,tile,sum,f32,,9,,ok,,4,table
EOS
safe 0
says out '^matmul-f32-8x9x10-null:0/tile +tuned  2\.000 \[2\.000, 2\.000\]$'
says out '^sum-f32-9-null:0/tile +table  1\.000 \[1\.000, 1\.000\]$'
says out '^2 rows, 0 slower, 0 runs failed$'
order=$(tr '\n' ' ' <"$work/order")
[ "$order" = "tuned table table tuned tuned table table tuned tuned table table tuned " ] ||
	note "the order is $order"

# A row that is slower.
sed 's/,ok,1,7,/,ok,2.1,7,/' "$work/rows" >"$work/slower"
mv "$work/slower" "$work/rows"
safe 1
says out '^matmul-.* tuned  0\.952 \[0\.952, 0\.952\]  slower$'
says out '^2 rows, 1 slower, 0 runs failed$'

# A row that is ok with the table only, in one pair or in all.
for pair in 1 2 3 4 5; do
	echo "tuned $pair null:0,tile,matmul,f32,8,9,10,ok,1,7,tuned"
done >"$work/rows"
cat >>"$work/rows" <<'EOS'
table any null:0,tile,matmul,f32,8,9,10,ok,2,7,table
tuned 6 null:0,tile,matmul,f32,8,9,10,wrong,,,tuned
table any null:0,tile,sum,f32,,9,,ok,,4,table
tuned any null:0,tile,sum,f32,,9,,crashed,,,tuned
EOS
safe 1
says out '^matmul-.* tuned  too few pairs  1 times not ok  slower$'
says out '^sum-.* table  too few pairs  6 times not ok  slower$'
says out '^2 rows, 2 slower, 6 runs failed$'

# A run that does not end well fails it, also one with --no-tuned.
cat >"$work/rows" <<'EOS'
table any null:0,tile,matmul,f32,8,9,10,ok,2,7,table
tuned any null:0,tile,matmul,f32,8,9,10,ok,1,7,tuned
EOS
touch "$work/crash-table-3"
safe 1
says out '^exit status 139 of the run of pair 3, table$'
says out '^1 rows, 0 slower, 1 runs failed$'
rm "$work/crash-table-3"
safe 0

# Nothing is measured.
: >"$work/rows"
safe 1
says out '^0 rows, 0 slower, 0 runs failed$'
finish

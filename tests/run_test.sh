#!/bin/bash
# run_test.sh: ./run shows a demo lot, takes a stranger's own files, and ends every failure with what to do.
number=0 failed=0
check() { # check NAME COMMAND...
    number=$((number + 1))
    local name=$1
    shift
    if "$@" >"$TEST_TMP/said" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        tail -n 15 "$TEST_TMP/output" "$TEST_TMP/said" 2>/dev/null | sed 's/^/# /'
        failed=1
    fi
}
says() { grep -qF -- "$1" "$TEST_TMP/output"; }
run() { (cd "$TEST_TMP/elsewhere" && "$TEST_TMP/xinlian/run" "$@") >"$TEST_TMP/output" 2>&1; }
run_fails() { ! run "$@"; }

# A copy of the project whose build is the one under test: nothing here compiles or writes into the project.
mkdir "$TEST_TMP/xinlian" "$TEST_TMP/elsewhere"
cp -R run tools "$TEST_TMP/xinlian/"
ln -s "$XINLIAN_BUILD" "$TEST_TMP/xinlian/build"

check "--help" run --help
check "names itself in Chinese" env LC_ALL=zh_CN.UTF-8 "$TEST_TMP/xinlian/run" --help
check "--help tells of files" says "./run FILE"
check "a wrong option is refused" run_fails --wrong
check "and the way out is said" says "./run --help"
check "a missing file is refused" run_fails no-such.stdf
check "and named" says "no-such.stdf"
check "shows the demo lot" run
check "from a store beside it" test -d "$TEST_TMP/xinlian/var"
check "and says what to try next" says "What to try next"
before=$(stat -c %Y "$TEST_TMP/xinlian/var/demo.stdf" 2>/dev/null)
check "shows it again" run
check "without making it again" test "$before" = "$(stat -c %Y "$TEST_TMP/xinlian/var/demo.stdf" 2>/dev/null)"
cp "$TEST_TMP/xinlian/var/demo.stdf" "$TEST_TMP/elsewhere/own lot.stdf"
gzip -k "$TEST_TMP/elsewhere/own lot.stdf"
check "takes files by the caller's names" run "own lot.stdf" "$TEST_TMP/elsewhere/own lot.stdf.gz"
printf 'no test data' >"$TEST_TMP/elsewhere/notes.txt"
check "refuses what is no STDF" run_fails notes.txt
check "and says which" says "notes.txt"
echo "1..$number"
exit $failed

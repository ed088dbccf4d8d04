#!/bin/bash
# install_test.sh: what `meson install` puts down can be used by C and C++ programs, found by pkg-config.
root=$TEST_TMP/root number=0 failed=0

check() { # check NAME COMMAND...: one test
    number=$((number + 1))
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        printf '%s\n' "$output" | head -n 20 | sed 's/^/# /'
        failed=1
    fi
}

check "installs" meson install --no-rebuild --quiet --destdir "$root" -C "$XINLIAN_BUILD"
pc=$(find "$root" -name xinlian.pc | head -n 1)
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$root
check "pkg-config knows it" pkg-config --exists xinlian
flags=$(pkg-config --cflags --libs xinlian)
library=$(dirname "$(find "$root" -name libxinlian.so | head -n 1)")

# Every public header stands alone, in both languages, for the strictest of callers.
for header in "$root"/usr/local/include/xinlian/*.h; do
    name=xinlian/${header##*/}
    for compiler in "gcc -x c -std=c11" "clang -x c -std=c17" "g++ -x c++ -std=c++17" "clang++ -x c++ -std=c++17"; do
        command -v "${compiler%% *}" >/dev/null || continue
        printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$TEST_TMP/header"
        # shellcheck disable=SC2086
        check "<$name> by $compiler" $compiler -Wall -Wextra -Wconversion -Werror -fsyntax-only $(pkg-config --cflags xinlian) "$TEST_TMP/header"
    done
done

cat >"$TEST_TMP/program.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <xinlian/base.h>

int main(void)
{
    struct xl_error error = {{0}, {0}, {0}};
    xl_language_set(xl_language_of("zh_CN.UTF-8"));
    if (xl_fail(&error, "a_code", "%d", 7) || strcmp(error.message, "7") != 0)
        return 1;
    return puts(xl_version()) < 0;
}
C
cp "$TEST_TMP/program.c" "$TEST_TMP/program.cc"
# shellcheck disable=SC2086
check "a C program links" gcc -o "$TEST_TMP/c" "$TEST_TMP/program.c" $flags
# shellcheck disable=SC2086
check "a C++ program links" g++ -o "$TEST_TMP/cc" "$TEST_TMP/program.cc" $flags
check "the C program runs" env LD_LIBRARY_PATH="$library" "$TEST_TMP/c"
check "the C++ program runs" env LD_LIBRARY_PATH="$library" "$TEST_TMP/cc"
if [ -x "$root/usr/local/bin/xinlian" ]; then
    check "the command runs from where it is installed" "$root/usr/local/bin/xinlian" --version
fi
echo "1..$number"
exit $failed

# frame.sh: what ./run and ./test share: speaking English or Chinese, installing what is missing, one line of progress. Read by bash.

case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in zh*) chinese=1 ;; *) chinese= ;; esac

# say ENGLISH CHINESE: one sentence for a person.
say() {
    if [ "$chinese" ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}

# die ENGLISH CHINESE: what is wrong and what to do.
die() {
    printf '\n' >&2
    say "$1" "$2" >&2
    exit 1
}

# progress TEXT: a line that the next one overwrites on a terminal; nothing elsewhere.
progress() {
    if [ -t 1 ]; then printf '\r\033[K  %.*s' "$((${COLUMNS:-80} - 4))" "$1"; fi
}
progress_end() {
    if [ -t 1 ]; then printf '\r\033[K'; fi
}

# What building needs, and what the tests need besides.
build_packages="gcc g++ libc6-dev meson ninja-build pkg-config gettext
    libdragonbox-dev libisal-dev libarchive-dev libbz2-dev liblzma-dev libssl-dev libcairo2-dev libpango1.0-dev fonts-noto-cjk"
test_packages="python3 python3-jsonschema clang libclang-rt-14-dev llvm clang-format libcmocka-dev binutils git
    gzip bzip2 xz-utils zip unzip zstd man-db"

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Packages must not start daemons while they are installed: this machine may be somebody's. The file is Debian's own switch for that.
policy=/usr/sbin/policy-rc.d
policy_off() {
    if [ "$policy_ours" ]; then $as_root rm -f "$policy"; fi
    policy_ours=
}

# install_missing PACKAGES: installs those that are not there, by apt; needs no network when all are.
install_missing() {
    local missing= package
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "This is no Debian; what is needed under Debian's names: $(echo $1). Going on with what is there." \
            "这不是 Debian；所需软件（按 Debian 的名称）：$(echo $1)。先用现有的继续。"
        return
    fi
    for package in $1; do
        installed "$package" || missing="$missing $package"
    done
    [ "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "These packages are missing, and installing them needs root or sudo. Run as root: apt-get install$missing" \
            "缺少以下软件包，安装需要 root 或 sudo。请以 root 执行：apt-get install$missing"
        as_root=sudo
    fi
    mkdir -p build-log
    local log=build-log/install.log count
    count=$(echo $missing | wc -w)
    say "Installing $count packages:$missing" "正在安装 $count 个软件包：$missing"
    trap 'policy_off' EXIT
    trap 'exit 130' INT TERM
    if [ ! -e "$policy" ]; then
        policy_ours=1
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null && $as_root chmod 755 "$policy"
    fi
    progress "apt-get update"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 update >"$log" 2>&1 ||
        die "apt-get update failed ($log). Check the network and /etc/apt/sources.list, then start again." \
            "apt-get update 失败（见 $log）。请检查网络和 /etc/apt/sources.list，然后重试。"
    # apt tells its progress on a descriptor of our choice: "pmstatus:package:percent:words", "dlstatus:…".
    {
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 -o APT::Status-Fd=3 \
            install --no-install-recommends $missing 3>&1 >>"$log" 2>&1 || echo failed
    } | {
        failed=
        while IFS=: read -r kind package percent words; do
            case "$kind" in
            dlstatus | pmstatus) progress "${percent%%.*} % $words" ;;
            failed) failed=1 ;;
            esac
        done
        progress_end
        [ ! "$failed" ]
    } || die "Some packages could not be installed ($log, at its end). Mend that, or install them yourself: apt-get install$missing" \
        "有软件包安装失败（见 $log 末尾）。请处理后重试，或自行安装：apt-get install$missing"
    policy_off
    trap - EXIT INT TERM
}

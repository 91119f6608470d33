#!/bin/sh
# Prints the path of a Chromium: that of CHROMIUM, else one that is installed, else Debian's, which is unpacked into the cache once.
set -eu

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" && exit 0
done

home=${BASIRA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/basira}/chromium-apt
if [ ! -x "$home/start" ]; then
    if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
        echo "no Chromium: install it, or name one with CHROMIUM" >&2
        exit 1
    fi
    echo "fetching Chromium (once, about 100 MB) ..." >&2
    partial=$home.partial.$$
    mkdir -p "$partial"
    cd "$partial"
    mkdir -p lists/partial archives/partial
    # package lists of its own: those of the machine may be missing or old, and take root to renew
    apt() { apt-get -qq -o APT::Sandbox::User="$(id -un)" -o Dir::State::Lists="$partial/lists" -o Dir::Cache="$partial" "$@"; }
    apt update >&2 || true
    wanted=$(apt --simulate --no-install-recommends install chromium fonts-dejavu-core | sed -n 's/^Inst \([^ ]*\).*/\1/p')
    # shellcheck disable=SC2086
    if [ -z "$wanted" ] || ! apt download $wanted >&2; then
        echo "no Chromium: Debian's packages cannot be fetched; install it, or name one with CHROMIUM" >&2
        exit 1
    fi
    rm -rf lists archives ./*.bin
    for package in *.deb; do dpkg -x "$package" . && rm "$package"; done
    cat >start <<'START'
#!/bin/sh
home=$(dirname "$0")
libraries=$home/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH="$libraries:$libraries/pulseaudio:$home/lib/$(uname -m)-linux-gnu"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_SYSROOT="$home"
exec "$home/usr/lib/chromium/chromium" "$@"
START
    chmod +x start
    rm -rf "$home"
    mv "$partial" "$home"
fi
echo "$home/start"

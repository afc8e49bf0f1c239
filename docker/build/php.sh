#!/bin/bash
# Installs PHP with its extensions, and other packages:
#
#   php.sh VERSION "URL SUITE" KEY "EXTENSIONS" PACKAGE ...
#
# URL and SUITE are an apt source that has PHP; empty: Debian has it. KEY is a file in /keys, empty: one of Debian's own keys signs it. An
# extension has PHP's name (pdo_pgsql, dom) or that of Debian's package (pgsql, xml). The other packages are Debian's.
set -euo pipefail
version=$1 source=$2 key=$3 extensions=$4
shift 4
apt=(apt-get -qq -o Dir::Cache::archives=/var/cache/debs)
# Extensions that are in every PHP as Debian configures it, without a package (php -m). Since 8.5, OPcache is one of them
# (https://wiki.php.net/rfc/make_opcache_required).
in_php=" core date filter hash json libxml openssl opcache pcntl pcre random reflection session sodium spl standard zlib "
list=/usr/share/laravel-ecs/php-extensions

add_source() {
    local url=${source% *} suite=${source#* } codename signed=/usr/share/keyrings/debian-archive-keyring.gpg name
    "${apt[@]}" install -y --no-install-recommends ca-certificates
    if [[ -n $key ]]; then
        [[ -s /keys/$key ]] || { echo "image.phpSource.key: docker/keys/$key does not reach the builder" >&2; exit 1; }
        signed=/etc/apt/keyrings/$key
        mkdir -p /etc/apt/keyrings && cp "/keys/$key" "$signed" && chmod 0644 "$signed"
    fi
    echo "deb [signed-by=$signed] $url $suite main" >/etc/apt/sources.list.d/php.list
    # From a source for another release of Debian comes PHP, with the php-common that fits it (Debian 13's breaks php8.3-common), and else
    # only what this release, with its updates, does not have (https://wiki.debian.org/StableUpdates). A source for this release has
    # what its PHP needs beside it.
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    if [[ $suite != "$codename" ]]; then
        for name in "$codename" "$codename-updates" "$codename-security"; do
            printf 'Package: *\nPin: release n=%s\nPin-Priority: 990\n\n' "$name"
        done >/etc/apt/preferences.d/php
        for name in "a=$suite" "n=$suite"; do
            printf 'Package: php*\nPin: release %s\nPin-Priority: 995\n\n' "$name"
        done >>/etc/apt/preferences.d/php
    fi
}

if [[ -n $source ]]; then
    [[ -e /etc/apt/sources.list.d/php.list ]] || add_source
    # With what the builder's machine trusts (docker/base.sh), which does not stay in the image.
    find /authorities -name '*.crt' -exec cat {} + | cat /etc/ssl/certs/ca-certificates.crt - >/tmp/authorities.pem
    apt+=(-o Acquire::https::CAInfo=/tmp/authorities.pem)
    "${apt[@]}" -o APT::Update::Error-Mode=any update || {
        echo "image.phpSource: $source does not answer, has no such suite, or is not signed by ${key:-Debian}: see apt's lines above" >&2
        exit 1
    }
elif ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    "${apt[@]}" update # the cache of the lists is younger than the layer
fi

# The extensions that apt knows, each with the package that has it: "dom xml" for php8.4-dom, which php8.4-xml provides.
mkdir -p "$(dirname "$list")"
apt-cache dumpavail | awk -v prefix="php$version-" '
    function suffix(word) { return index(word, prefix) == 1 ? substr(word, length(prefix) + 1) : "" }
    /^Package: / { name = suffix($2); if (name != "") print name, name }
    /^Provides: / && name != "" {
        count = split(substr($0, 11), provided, /, */)
        for (i = 1; i <= count; i++) { split(provided[i], word, " "); if (suffix(word[1]) != "") print suffix(word[1]), name }
    }' | sort -u >"$list"
declare -A has
while read -r extension package; do
    # Of several, the package of the same name, or one that is installed anyhow.
    if [[ -z ${has[$extension]:-} || $package == "$extension" || $package == cli ]]; then has[$extension]=$package; fi
done <"$list"
if [[ -z ${has[cli]:-} ]]; then
    echo "image.php: there is no package php$version-cli${source:+ in $source}; there are: $(apt-cache --names-only search '^php[0-9.]+-cli$' | sed 's/^php\(.*\)-cli .*/\1/' | sort -u | xargs)" >&2
    exit 1
fi

packages=("php$version-cli" "php$version-fpm")
read -r -a wanted <<<"$extensions"
for extension in "${wanted[@]}"; do
    name=${extension,,}
    name=${name//_/-}
    [[ $name != zend-opcache ]] || name=opcache
    if [[ ${has[$name]:-} == @(cli|common|fpm) ]]; then
        continue
    elif [[ -n ${has[$name]:-} ]]; then
        packages+=("php$version-${has[$name]}")
    elif [[ $in_php != *" $name "* ]]; then
        echo "image.extensions: there is no $extension for PHP $version. There are:$in_php$(cut -d ' ' -f 1 "$list" | grep -vxE 'cgi|cli|common|dev|fpm|phpdbg' | sort -u | xargs)" | fold -s -w 150 >&2
        exit 1
    fi
done
"${apt[@]}" install -y --no-install-recommends "${packages[@]}" "$@"
ln -sf "php-fpm$version" /usr/sbin/php-fpm

#!/bin/sh
# Creates laravel-ecs/base:trixie, the base of all images on this machine.
#
# If a registry answers, it is Docker's official debian:trixie-slim. Otherwise root on Debian or Ubuntu
# builds it from Debian's packages with mmdebstrap. If the image exists, nothing is done;
# `docker rmi laravel-ecs/base:trixie` removes it.
#
# The script adds the CA certificates that this machine trusts (/usr/local/share/ca-certificates, for
# example of a company's inspecting proxy), so that npm and Composer work inside a build. The runtime
# stage of docker/Dockerfile removes them again.
#
# Variables: DOCKER (the client), PULL_SECONDS (time limit of the pull), DEBIAN_MIRROR,
# DEBIAN_SECURITY_MIRROR (default: those of this machine's apt, else deb.debian.org).
set -eu

TAG=laravel-ecs/base:trixie
OFFICIAL=debian:trixie-slim
PULL_SECONDS=${PULL_SECONDS:-60}

say() { printf 'base image: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Prefer Debian's client: another one on PATH may lack the builder plugin.
docker=${DOCKER:-}
[ -n "$docker" ] || { [ -x /usr/bin/docker ] && docker=/usr/bin/docker; } || docker=docker
command -v "$docker" >/dev/null || die "no docker client ($docker): install Docker, or set DOCKER to its path"
"$docker" version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
    die "Docker does not answer: start it (service docker start), or check DOCKER_HOST"

if "$docker" image inspect "$TAG" >/dev/null 2>&1; then
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# pull asks the registry, for PULL_SECONDS at most. macOS has no timeout(1); Docker's own time limit applies there.
pull() {
    if "$docker" image inspect "$OFFICIAL" >/dev/null 2>&1; then
        return 0
    fi
    limit=
    command -v timeout >/dev/null && limit="timeout $PULL_SECONDS"
    $limit "$docker" pull --quiet "$OFFICIAL" >/dev/null 2>"$work/pull.log"
}

# apt_uri prints the mirror that this machine's apt uses for the archive named $1 (debian,
# debian-security), without a trailing slash.
apt_uri() {
    command -v apt-get >/dev/null || return 0
    apt-get indextargets --format '$(SITE)' 2>/dev/null | sed 's,/*$,,' | grep -- "/$1\$" | sort -u | head -n 1
}

bootstrap() {
    [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || die "no registry answers: $(tail -n 1 "$work/pull.log")
Get $OFFICIAL onto this machine (docker pull, docker load), or run this as root on Debian or Ubuntu, where it can be built from packages."
    if ! command -v mmdebstrap >/dev/null; then
        command -v apt-get >/dev/null || die "mmdebstrap is missing: install it, or pull $OFFICIAL"
        say "installing mmdebstrap"
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends mmdebstrap; } >"$work/apt.log" 2>&1 ||
            die "could not install mmdebstrap: $(tail -n 3 "$work/apt.log")"
    fi
    mirror=${DEBIAN_MIRROR:-$(apt_uri debian)}
    mirror=${mirror:-http://deb.debian.org/debian}
    security=${DEBIAN_SECURITY_MIRROR:-$(apt_uri debian-security)}
    security=${security:-http://deb.debian.org/debian-security}

    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keyring" ] || die "$keyring is missing: install the package debian-archive-keyring"
    # The same package sources, in the same file, as in the official image.
    cat >"$work/debian.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: trixie trixie-updates
Components: main
Signed-By: $keyring

Types: deb
URIs: $security
Suites: trixie-security
Components: main
Signed-By: $keyring
SOURCES
    # The settings of the official image's builder: no second copies of packages and lists, no services
    # started by an installation, no documentation, no fsync per file (it makes installing many times slower).
    cat >"$work/docker-clean" <<'APT'
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Apt::AutoRemove::SuggestsImportant "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
APT
    mkdir -p "$work/root/usr/sbin"
    printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
    chmod 0755 "$work/root/usr/sbin/policy-rc.d"

    say "building Debian 13 from $mirror (about half a minute)"
    mmdebstrap --quiet --variant=minbase --mode=root --format=tar \
        --aptopt="$work/docker-clean" \
        --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --customize-hook='rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/var/cache/apt/*.bin' \
        --customize-hook='rm -rf "$1/etc/hostname" "$1/etc/resolv.conf" "$1"/var/log/*.log "$1"/var/log/apt/*' \
        --customize-hook="copy-in $work/debian.sources /etc/apt/sources.list.d" \
        trixie - "$work/debian.sources" >"$work/base.tar" 2>"$work/mmdebstrap.log" ||
        die "mmdebstrap failed: $(tail -n 5 "$work/mmdebstrap.log")"
    # mmdebstrap removes its own policy-rc.d last, so ours is added afterwards.
    tar --append --file "$work/base.tar" --directory "$work/root" --owner=0 --group=0 usr/sbin/policy-rc.d
    "$docker" import --change 'CMD ["bash"]' --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        "$work/base.tar" "$1" >/dev/null
}

if pull; then
    "$docker" tag "$OFFICIAL" "$TAG-plain"
    say "$TAG is $OFFICIAL from the registry"
else
    bootstrap "$TAG-plain"
    say "$TAG is built from Debian's packages"
fi

mkdir "$work/ca"
cp /usr/local/share/ca-certificates/*.crt "$work/ca/" 2>/dev/null || true
if [ -n "$(ls -A "$work/ca")" ]; then
    printf 'FROM %s\nCOPY ca/ /usr/local/share/ca-certificates/\n' "$TAG-plain" >"$work/Dockerfile"
    DOCKER_BUILDKIT=1 "$docker" build --quiet --tag "$TAG" "$work" >/dev/null
else
    "$docker" tag "$TAG-plain" "$TAG"
fi
"$docker" rmi --no-prune "$TAG-plain" >/dev/null

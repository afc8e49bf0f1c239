#!/bin/sh
# Ensures that a Docker engine answers. Where root on Debian or Ubuntu has none, it is installed and started. DOCKER is the client.
set -u

say() { printf '%s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }
has timeout && limit='timeout 15' || limit= # macOS has none
answers() { problem=$($limit "$DOCKER" version --format '{{.Server.Version}}' 2>&1); }

# wait_for LOG returns when the engine answers, after 45 seconds at the latest.
wait_for() {
    for _ in $(seq 90); do
        answers && exit
        sleep 0.5
    done
    die "Docker was started and does not answer, see $1: $problem"
}

install='install Docker: https://docs.docker.com/engine/install/ (Debian: apt-get install docker.io mmdebstrap)'

answers && exit
[ -z "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] || die "the Docker engine of DOCKER_HOST or DOCKER_CONTEXT does not answer: $problem"
if [ "$(id -u)" != 0 ] || [ ! -e /etc/debian_version ] || ! has apt-get; then
    has "$DOCKER" || die "$install"
    die "Docker does not answer: start it (Docker Desktop, or: sudo service docker start), and check that you may use it: $problem"
fi
if ! has dockerd; then
    say 'there is no Docker engine here: installing docker.io and mmdebstrap with apt-get (about a minute)'
    export DEBIAN_FRONTEND=noninteractive
    said=$(apt-get update --quiet=2 2>&1 && apt-get install --quiet=2 --yes --no-install-recommends docker.io mmdebstrap ca-certificates 2>&1) ||
        die "installing Docker with apt-get: $said
$install"
    answers && exit # its package started it
fi
if [ -d /run/systemd/system ]; then
    say 'starting Docker with systemctl'
    said=$(systemctl start docker 2>&1) || die "systemctl start docker: $said"
    wait_for 'journalctl -u docker'
fi
log=${TMPDIR:-/tmp}/dockerd.log
say "starting dockerd in the background (its log: $log)"
setsid dockerd >"$log" 2>&1 </dev/null & # in a session of its own, so that it outlives this command
wait_for "$log"

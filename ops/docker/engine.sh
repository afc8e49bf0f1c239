#!/bin/sh
# Ensures that a Docker engine answers. Where root on Debian or Ubuntu has none, it is installed and started. DOCKER is the client.
# With DOCKER_HOST or DOCKER_CONTEXT the engine is somebody else's: at most the client is installed.
set -u

say() { printf '%s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }
has timeout && limit='timeout 15' || limit= # macOS has none
answers() { problem=$($limit "$DOCKER" version --format '{{.Server.Version}}' 2>&1); }

install='install Docker: https://docs.docker.com/engine/install/ (Debian: apt-get install docker.io mmdebstrap)'
way_out='Docker runs in a container only if that is privileged. Without privileged containers, set DOCKER_HOST to an engine on another machine, or use CodeBuild: docs/pipelines.md, "Without a privileged runner".'
in_ci=
[ -z "${CI:-}" ] || in_ci="
$way_out" # GitLab and GitHub set CI

# wait_for LOG returns when the engine answers, after 45 seconds at the latest. pid is that of an engine that was started here.
wait_for() {
    for _ in $(seq 90); do
        answers && exit
        sleep 0.5
    done
    [ -z "${pid:-}" ] || kill -0 "$pid" 2>/dev/null || die "dockerd ended, see $1: $(tail -n 1 "$1")$in_ci"
    die "Docker was started and does not answer, see $1: $problem$in_ci"
}

installs() { [ "$(id -u)" = 0 ] && has apt-get; }

# add WHAT PACKAGES installs the packages and the client. Where the distribution has the client and its builder as packages of their own, they
# are named: apt-get installs no recommended packages here.
add() {
    say "there is no Docker $1 here: installing it with apt-get (about a minute)"
    export DEBIAN_FRONTEND=noninteractive
    said=$(apt-get update --quiet=2 2>&1) || die "apt-get update: $said"
    client=docker.io
    ! apt-cache show docker-cli >/dev/null 2>&1 || client='docker-cli docker-buildx'
    # shellcheck disable=SC2086 # lists
    said=$(apt-get install --quiet=2 --yes --no-install-recommends ${2:-} $client ca-certificates 2>&1) || die "installing Docker with apt-get: $said
$install"
}

# may_start: dockerd mounts and makes namespaces, for which it needs CAP_SYS_ADMIN (21 in capabilities(7)). A container has it if it is
# privileged (--privileged), or was given it by name.
may_start() {
    caps=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status 2>/dev/null)
    [ -z "$caps" ] || [ $((0x$caps >> 21 & 1)) = 1 ]
}

# hint: pulumi-docker 4 builds on the engine of DOCKER_HOST; contexts it knows for other resources than images (configureDockerClient in its
# provider/image.go).
hint() {
    [ -z "${DOCKER_HOST:-}" ] || return 0
    host=$("$DOCKER" context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null)
    case $host in
    tcp:* | ssh:*) say "this Docker context is used by make layers and make test-app; make up on AWS builds there only with DOCKER_HOST=$host" ;;
    esac
}

answers && hint && exit
if [ -n "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ]; then
    if ! has "$DOCKER"; then
        installs || die "$install"
        add client
        answers && hint && exit
    fi
    die "the Docker engine of DOCKER_HOST or DOCKER_CONTEXT does not answer: $problem"
fi
if ! installs; then
    has "$DOCKER" || die "$install$in_ci"
    die "Docker does not answer: start it (Docker Desktop, or: sudo service docker start), and check that you may use it: $problem$in_ci"
fi
may_start || die "Docker cannot start here: this is a container that is not privileged. $way_out"
if ! has dockerd; then
    add engine 'docker.io mmdebstrap'
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
pid=$!
wait_for "$log"

# The roles that are one process of the application: horizon, reverb, ssr, artisan. Each has its way to stop.
# shellcheck shell=bash

# artisan runs a command once, or as a service: then its health is that it runs.
artisan() {
    php artisan "$@" <&0 &
    child=$!
    printf '%s' "$child" >"$run/process"
    : >"$ready"
    await "$child"
}

# pass hands a stop on to the command of artisan, which may stop in a way of its own (schedule:work, queue:listen, pulse:check).
pass() {
    [[ -n $child ]] || exit 143
    rm -f "$ready"
    kill -TERM "$child" 2>/dev/null
}

# horizon: its master starts supervisors, and these start workers (src/MasterSupervisor.php and src/Supervisor.php of laravel/horizon).
# It ends with status 0 for horizon:terminate, and means to be started again (https://laravel.com/docs/horizon#deploying-horizon).
horizon() { keep horizon php $lib/horizon.php horizon "$@"; }

# finish_all ends Horizon. On TERM its master and supervisors wait until the jobs in hand are done, but the supervisors do not with
# horizon.fast_termination, and the master no longer than the longest timeout of a supervisor. The workers have had their TERM by then.
finish_all() {
    trap '' TERM INT QUIT WINCH
    rm -f "$ready"
    say "SIG$1 received, finishing the jobs in hand"
    [[ -n $child ]] && kill -TERM "$child" 2>/dev/null && wait "$child"
    while others_left php; do sleep 0.2; done
    say "stopped"
    exit 0
}

# reverb answers at /up, below REVERB_SERVER_PATH (src/Servers/Reverb/Factory.php of laravel/reverb).
reverb() {
    local path=${REVERB_SERVER_PATH:-}
    path=${path#/}
    printf '%s' "${path:+/${path%/}}/up" >"$run/health"
    keep reverb:start php artisan reverb:start --host=0.0.0.0 --port="${PORT:-8080}" "$@"
}

# disconnect ends Reverb. On TERM it closes all connections and exits (src/Servers/Reverb/Console/Commands/StartServer.php); browsers connect
# again. Before that it waits until the load balancer sends nobody here any more.
disconnect() {
    trap '' TERM INT QUIT WINCH
    rm -f "$ready"
    say "SIG$1 received, disconnecting in $DRAIN_SECONDS s"
    sleep "$DRAIN_SECONDS"
    [[ -n $child ]] && kill -TERM "$child" 2>/dev/null && wait "$child"
    say "stopped"
    exit 0
}

# ssr renders pages for the web container: Node runs the bundle that the build found (app.sh). `artisan inertia:start-ssr` does the same below
# a second process of PHP (src/Commands/StartSsr.php of inertia-laravel). The server ends with status 0 at /shutdown (inertia:stop-ssr).
ssr() {
    local bundle
    bundle=$(cat /usr/share/laravel-ecs/ssr 2>/dev/null) && [[ -n $bundle ]] ||
        die "the image has no bundle for server-side rendering: the script of package.json that makes the bundles has to run vite build --ssr (image.assets.script: build:ssr)"
    # React and Vue are slower, and check more, without it.
    NODE_ENV=${NODE_ENV:-production} keep "node $bundle" node "$bundle"
}

# connected tests whether somebody is connected to port $1.
connected() { grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ 01 " /proc/net/tcp /proc/net/tcp6 2>/dev/null; }

# answer ends ssr when the pages in hand are rendered, for Node would drop them on TERM. Inertia then renders in the browser.
answer() {
    local try
    trap '' TERM INT QUIT WINCH
    rm -f "$ready"
    say "SIG$1 received, stopping in $DRAIN_SECONDS s"
    sleep "$DRAIN_SECONDS"
    for ((try = 0; try < GRACE_SECONDS * 5; try++)); do
        connected "${PORT:-13714}" || break
        sleep 0.2
    done
    [[ -n $child ]] && kill -TERM "$child" 2>/dev/null && wait "$child"
    say "stopped"
    exit 0
}

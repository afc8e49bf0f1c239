# The roles without a server: worker, scheduler, migrate, artisan.
# shellcheck shell=bash

child=

# finish passes a stop on to the child as TERM, which Laravel answers by finishing the job in hand.
finish() {
    trap '' TERM INT QUIT WINCH
    say "SIG$1 received, finishing the work in hand"
    [[ -n $child ]] && kill -TERM "$child" 2>/dev/null && wait "$child"
    say "stopped"
    exit 0
}

# work runs queue:work, again whenever it ends as planned (--max-time, --max-jobs, queue:restart, memory). The heartbeat is
# queue:work's own (worker.php): a worker that cannot begin must never be healthy, or its release would pass.
work() {
    local status began
    : >"$ready"
    while :; do
        began=$SECONDS
        php /usr/local/lib/laravel-ecs/worker.php queue:work --max-time=3600 "$@" &
        child=$!
        wait "$child" && status=0 || status=$?
        child=
        # 12: Laravel's word for "over the memory limit".
        if ((status != 0 && status != 12)); then
            say "queue:work ended with status $status: stopping the container"
            exit 1
        fi
        if ((SECONDS - began < 5)); then sleep 5 & wait $!; fi
    done
}

# others_left tells whether any process but this shell is alive: commands that run in the background too.
others_left() {
    local process
    for process in /proc/[0-9]*; do
        process=${process#/proc/}
        [[ $process != "$$" && $process != "${BASHPID}" ]] && return 0
    done
    return 1
}

# last waits for the commands that run, then ends.
last() {
    trap '' TERM INT QUIT WINCH
    say "SIG$1 received, waiting for the commands that run"
    [[ -n $child ]] && kill "$child" 2>/dev/null
    while others_left; do sleep 0.2; done
    say "stopped"
    exit 0
}

# tick starts schedule:run on its own. It beats when the application has read its schedule (schedule.php).
tick() {
    { php /usr/local/lib/laravel-ecs/schedule.php "$@" || say "schedule:run ended with status $?"; } &
}

# schedule ticks at every full minute, as cron would, and once at the start: for the minute in which the one before stopped.
schedule() {
    : >"$ready"
    tick "$@"
    while :; do
        sleep $((60 - EPOCHSECONDS % 60)) &
        child=$!
        wait "$child"
        child=
        tick "$@"
    done
}

# migrate is never cut short: half a schema change is worse than a late stop.
migrate() {
    trap 'say "a stop was asked for: after the migration"' TERM INT QUIT WINCH
    php /usr/local/lib/laravel-ecs/migrate.php "$@" &
    child=$!
    await "$child"
}

artisan() {
    php artisan "$@" <&0 &
    child=$!
    trap 'kill -TERM "$child"' TERM INT QUIT WINCH
    await "$child"
}

# await ends with the status of process $1, however many signals interrupt the waiting.
await() {
    local status
    while :; do
        wait "$1" && status=0 || status=$?
        kill -0 "$1" 2>/dev/null || break
    done
    exit "$status"
}

# The roles that Laravel's own commands do in the background: worker, scheduler, migrate, users.
# shellcheck shell=bash

child=

# finish forwards a stop to the child as TERM; Laravel then finishes the current job.
finish() {
    trap '' TERM INT QUIT WINCH
    say "SIG$1 received, finishing the work in hand"
    [[ -n $child ]] && kill -TERM "$child" 2>/dev/null && wait "$child"
    say "stopped"
    exit 0
}

# keep runs a command under the name $1, and starts it again when it ends as planned, as supervisord would.
keep() {
    local name=$1 status began
    shift
    : >"$ready"
    meter_disk
    watch_temp
    while :; do
        began=$SECONDS
        "$@" &
        child=$!
        wait "$child" && status=0 || status=$?
        child=
        ((status != 78)) || exit 78 # it said what is wrong
        # 12: Laravel's exit status for "over the memory limit".
        if ((status != 0 && status != 12)); then
            say "$name ended with status $status: stopping the container"
            exit 1
        fi
        if ((SECONDS - began < 5)); then sleep 5 & wait $!; fi
    done
}

# work runs queue:work, which ends as planned for --max-time, --max-jobs, queue:restart and memory. The heartbeat comes from queue:work
# itself (worker.php): a worker that cannot start must never become healthy, or ECS would accept its release.
work() { keep queue:work php $lib/worker.php queue:work --max-time=3600 "$@"; }

# others_left tests whether any process of this user other than this shell is alive, including commands in the background. Those of ECS Exec
# are root's (amazon-ecs-agent, agent/engine/execcmd/manager_start.go), and live as long as the container. $1: only programs with such a name.
others_left() {
    local process
    for process in /proc/[0-9]*; do
        [[ -O $process && (-z ${1:-} || $(cat "$process/comm" 2>/dev/null) == ${1:-}*) ]] || continue
        process=${process#/proc/}
        [[ $process != "$$" && $process != "${BASHPID}" ]] && return 0
    done
    return 1
}

# last waits for the running commands, then exits. schedule:run with tasks that repeat within the minute would run until its end: Laravel's
# own signal makes it stop after the task in hand (Laravel docs, "Interrupting Sub-Minute Tasks"; from 10.15 on). A schedule:run that just begins
# clears the signal, so it is repeated. schedule.php of the next container goes on with these tasks.
last() {
    local waited=0
    trap '' TERM INT QUIT WINCH
    say "SIG$1 received, waiting for the commands that run"
    [[ -n $child ]] && kill "$child" 2>/dev/null
    while others_left; do
        ((waited++ % 25)) || timeout -s KILL 5 php artisan schedule:interrupt >/dev/null 2>&1 # it waits for a cache that is gone
        sleep 0.2
    done
    say "stopped"
    exit 0
}

# tick starts schedule:run in the background. schedule.php updates the heartbeat after the application has read its schedule, and prints
# the metric of the queue.
tick() {
    print_disk_metric
    { php /usr/local/lib/laravel-ecs/schedule.php "$@" || say "schedule:run ended with status $?"; } &
}

# schedule calls tick at every full minute, as cron does, and once at the start, for the minute in which the previous container stopped.
schedule() {
    : >"$ready"
    tick "$@"
    while :; do
        sleep $((60 - EPOCHSECONDS % 60)) &
        child=$!
        wait "$child"
        child=
        look_at_temp
        tick "$@"
    done
}

# database makes the application's database and user, and those of guests, where this container has the master password. Nothing after it has
# these passwords: code of the application runs there.
database() {
    [[ -n ${DB_MASTER_PASSWORD:-} ]] || return 0
    php /usr/local/lib/laravel-ecs/users.php || exit
    # shellcheck disable=SC2086 # each is a name of a variable
    unset DB_MASTER_USERNAME DB_MASTER_PASSWORD DB_GUESTS ${!DB_GUEST_*}
}

# migrate is never cut short: half a schema change is worse than a late stop.
migrate() {
    trap 'say "a stop was asked for: after the migration"' TERM INT QUIT WINCH
    php /usr/local/lib/laravel-ecs/migrate.php "$@" &
    child=$!
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

# The roles without a server: worker, scheduler, migrate, users, artisan.
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

# work runs queue:work, and starts it again when it ends as planned (--max-time, --max-jobs, queue:restart, memory). The heartbeat
# comes from queue:work itself (worker.php): a worker that cannot start must never become healthy, or ECS would accept its release.
work() {
    local status began
    : >"$ready"
    meter_disk
    watch_temp
    while :; do
        began=$SECONDS
        php /usr/local/lib/laravel-ecs/worker.php queue:work --max-time=3600 "$@" &
        child=$!
        wait "$child" && status=0 || status=$?
        child=
        ((status != 78)) || exit 78 # it said what is wrong
        # 12: Laravel's exit status for "over the memory limit".
        if ((status != 0 && status != 12)); then
            say "queue:work ended with status $status: stopping the container"
            exit 1
        fi
        if ((SECONDS - began < 5)); then sleep 5 & wait $!; fi
    done
}

# others_left tests whether any process other than this shell is alive, including commands in the background.
others_left() {
    local process
    for process in /proc/[0-9]*; do
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

# database makes the application's database and user, where this container has the master password. Nothing after it has that password:
# code of the application runs there.
database() {
    [[ -n ${DB_MASTER_PASSWORD:-} ]] || return 0
    php /usr/local/lib/laravel-ecs/users.php || exit
    unset DB_MASTER_USERNAME DB_MASTER_PASSWORD
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

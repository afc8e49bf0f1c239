# Shared by the entrypoint and its roles: paths, messages, checks of the environment, caches.
# shellcheck shell=bash

run=/run/app caches=
# ECS Exec enters as root, whatever the user of the task is, and with the capabilities of the task, which are none (amazon-ecs-agent,
# agent/engine/execcmd/manager_start.go). Such a root may not write where the application's user alone may. A command of such a session
# has its own folder, and leaves that of the container alone.
session=
if ((EUID == 0)) && [[ -d $run && ! -O $run ]]; then
    session=1 run=/run/shell
fi
ready=$run/ready
export HEARTBEAT_FILE=$run/heartbeat

say() { printf '%s: %s\n' "${role:-entrypoint}" "$*" >&2; }

# die prints the reason and exits with 78, the usual status for a wrong configuration (EX_CONFIG).
die() { say "$*"; exit 78; }

# number refuses a variable that is not a whole number: number NAME VALUE.
number() { [[ $2 =~ ^[0-9]+$ ]] || problems+=("$1=$2 is not a whole number"); }

# uses tests whether one of the drivers in the environment is $1.
uses() {
    local driver
    for driver in "${SESSION_DRIVER:-}" "${CACHE_DRIVER:-}" "${CACHE_STORE:-}" "${QUEUE_CONNECTION:-}"; do
        [[ $driver == "$1" ]] && return 0
    done
    return 1
}

# check_environment reports everything that is missing or wrong before anything starts. Laravel itself would start
# without its key and answer every page with an error.
check_environment() {
    local name problems=() required=(APP_KEY)
    if [[ -n ${PORT:-} ]]; then number PORT "$PORT"; fi
    # It runs no PHP, so it needs none of Laravel's variables.
    if [[ $role == ssr ]]; then
        check_numbers
        return
    fi
    case ${DB_CONNECTION:-} in
        mysql | mariadb | pgsql)
            [[ -n ${DATABASE_URL:-}${DB_URL:-} ]] || required+=(DB_HOST DB_DATABASE DB_USERNAME DB_PASSWORD) ;;
    esac
    if uses memcached; then required+=(MEMCACHED_HOST); fi
    if uses sqs; then required+=(SQS_PREFIX SQS_QUEUE); fi
    if uses redis && [[ -z ${REDIS_URL:-} ]]; then required+=(REDIS_HOST); fi
    for name in "${required[@]}"; do
        [[ -n ${!name:-} ]] || problems+=("$name is not set")
    done
    for name in ${APP_KEY:+APP_KEY} ${APP_PREVIOUS_KEYS:+APP_PREVIOUS_KEYS}; do
        php -r '
            $size = stripos(getenv("APP_CIPHER") ?: "AES-256-CBC", "128") ? 16 : 32;
            foreach (explode(",", getenv($argv[1])) as $key) {
                $key = str_starts_with($key, "base64:") ? base64_decode(substr($key, 7), true) : $key;
                if ($key === false || strlen($key) !== $size) exit(1);
            }' "$name" || problems+=("$name is not a key (base64: and 32 bytes): make one with php artisan key:generate --show")
    done
    for name in MYSQL_ATTR_SSL_CA PGSSLROOTCERT; do
        # A second connection of the application may have a file of its own, and libpq takes the word system for those of the image.
        [[ $name == PGSSLROOTCERT && (${DB_CONNECTION:-} != pgsql || ${!name:-} == system) ]] && continue
        [[ -z ${!name:-} || -r ${!name} ]] || problems+=("$name=${!name} is not in the image: build with RDS_CA_URL")
    done
    check_numbers
}

# check_numbers does it for the entrypoint's own variables, and ends the container if there were problems.
check_numbers() {
    number DRAIN_SECONDS "$DRAIN_SECONDS"
    number GRACE_SECONDS "$GRACE_SECONDS"
    number REQUEST_SECONDS "$REQUEST_SECONDS"
    number KEEP_ALIVE_SECONDS "$KEEP_ALIVE_SECONDS"
    number ASSETS_WAIT_SECONDS "$ASSETS_WAIT_SECONDS"
    check_limits
    [[ -z ${TEMP_MIB:-} ]] || number TEMP_MIB "$TEMP_MIB"
    [[ $HEALTH_PATH =~ ^/[A-Za-z0-9/_-]+$ ]] || problems+=("HEALTH_PATH=$HEALTH_PATH is not a plain path such as /up")
    [[ -z ${PHP_MAX_CHILDREN:-} ]] || number PHP_MAX_CHILDREN "$PHP_MAX_CHILDREN"
    ((${#problems[@]} == 0)) && return
    for name in "${problems[@]}"; do say "$name"; done
    exit 78
}

# prepare creates the folders that Laravel writes to. storage is open to root as well, which is the only other user of a container; what
# root writes there stays open to the application (umask). The config with its secrets is not.
prepare() {
    umask 022
    [[ -z $session ]] || umask 000
    mkdir -p "$run"/storage/{app/public,logs,framework/{cache/data,sessions,views}} 2>/dev/null ||
        die "$run is not writable: mount a tmpfs or a volume on /run"
    chmod -R o+rwX "$run/storage"
    printf '%s' "$role" >"$run/role"
    export APP_CONFIG_CACHE=$run/config.php
    # Inertia asks a server on this host to render each page as soon as the bundle is there (config/inertia.php and src/Ssr/HttpGateway.php of
    # inertia-laravel), and no process of this container is one. INERTIA_SSR_URL names one elsewhere, such as a container with the role ssr.
    if [[ -d /var/www/bootstrap/ssr && -z ${INERTIA_SSR_URL:-} ]]; then
        export INERTIA_SSR_ENABLED=${INERTIA_SSR_ENABLED:-false}
    fi
    # What cache() makes: a process that stays has all of it, a command only the config.
    caches=" $(cat /usr/share/laravel-ecs/caches 2>/dev/null || echo config) "
    case $role in
        web | worker | scheduler | horizon | reverb) ;;
        *) [[ $caches == *" config "* ]] && caches=config || caches= ;;
    esac
    [[ $caches != *" route "* ]] || export APP_ROUTES_CACHE=$run/routes.php
    [[ $caches != *" event "* ]] || export APP_EVENTS_CACHE=$run/events.php
    # Laravel writes this list again where the service providers depend on the environment (ProviderRepository::load).
    export APP_SERVICES_CACHE=$run/services.php
    if [[ -e /var/www/bootstrap/cache/services.php && ! -e $APP_SERVICES_CACHE ]]; then cp /var/www/bootstrap/cache/services.php "$APP_SERVICES_CACHE"; fi
    # Views come compiled; anything else that is compiled (mail, inline Blade) goes beside them, on tmpfs.
    export VIEW_COMPILED_PATH=${VIEW_COMPILED_PATH:-$run/storage/framework/views}
    if [[ $VIEW_COMPILED_PATH == "$run"/* && -d /var/www/bootstrap/cache/views ]]; then
        cp -pR /var/www/bootstrap/cache/views/. "$VIEW_COMPILED_PATH/"
    fi
}

# cache makes the caches that depend on the environment, and those that the build could not make. They are on tmpfs, never in a layer,
# because they contain secrets in plain text.
cache() {
    [[ -n $caches ]] || return 0
    # shellcheck disable=SC2086 # several words
    (umask 077 && CACHES_FOR=${role:-entrypoint} php $lib/caches.php $caches >/dev/null) || exit 78
}

# memory_mib prints the container's memory limit, or nothing.
memory_mib() {
    local bytes
    bytes=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true)
    # "max", or the huge number that cgroup v1 writes for it.
    if [[ $bytes =~ ^[0-9]+$ ]] && ((bytes < 1 << 50)); then echo $((bytes >> 20)); fi
}

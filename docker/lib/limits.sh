# Limits of a container, which web.limits and the like in the stack file set: how much it may write, and how much PHP may take.
# shellcheck shell=bash

# The names are those of other images (serversideup/docker-php). php.ini and php-fpm.conf read them.
export PHP_MEMORY_LIMIT=${PHP_MEMORY_LIMIT:-128M} PHP_UPLOAD_MAX_FILE_SIZE=${PHP_UPLOAD_MAX_FILE_SIZE:-20M}

# check_limits reads the sizes. The body of a request may be the upload and the form around it, unless PHP_POST_MAX_SIZE says more.
check_limits() {
    local name
    for name in PHP_MEMORY_LIMIT PHP_UPLOAD_MAX_FILE_SIZE ${PHP_POST_MAX_SIZE:+PHP_POST_MAX_SIZE}; do
        [[ ${!name} =~ ^[1-9][0-9]*M$ ]] || problems+=("$name=${!name} is not a number of MiB such as 128M")
    done
    ((${#problems[@]} == 0)) || return 0
    if [[ -n ${PHP_POST_MAX_SIZE:-} ]]; then BODY_BYTES=$((${PHP_POST_MAX_SIZE%M} << 20)); else BODY_BYTES=$(((${PHP_UPLOAD_MAX_FILE_SIZE%M} << 20) + 65536)); fi
    export BODY_BYTES
}

# look_at_temp says once which folder in memory is full. What is written there is cut short, and PHP says so to nobody, for example of an
# upload. The file $run/full-tmp lets Apache answer 507 to requests that PHP would have to write to /tmp.
look_at_temp() {
    local folder size blocks free told
    for folder in /tmp /run; do
        told=$run/full${folder//\//-}
        read -r size blocks free <<<"$(stat --file-system --format '%S %b %a' $folder)"
        if ((blocks == 0 || free * 20 >= blocks)); then
            rm -f "$told"
        elif [[ ! -e $told ]]; then
            : >"$told"
            say "$folder is full: $(((blocks - free) * size >> 20)) of $((blocks * size >> 20)) MiB, limits.tempMib in the stack file. Files are cut short$([[ $folder != /tmp ]] || echo "; requests of more than 16 KiB get 507")"
        fi
    done
}

watcher=

# watch_temp does that every two seconds, in the background.
watch_temp() {
    while sleep 2; do look_at_temp; done &
    watcher=$!
}

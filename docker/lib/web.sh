# The role "web": Apache in front of php-fpm, supervised.
# shellcheck shell=bash

apache= fpm=

# php_children sizes php-fpm: what the limit leaves beside Apache, the shared code and full folders in memory
# (TEMP_MIB each, where the program made them larger), at 40 MiB per process.
php_children() {
    local mib children=10
    mib=$(memory_mib)
    if [[ -n $mib ]]; then children=$(((mib - 128 - 2 * (${TEMP_MIB:-64} - 64)) / 40)); fi
    ((children >= 2)) || children=2
    ((children <= 64)) || children=64
    echo "$children"
}

certificate() {
    mkdir -p "$run/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$(hostname)" \
        -keyout "$run/tls/key.pem" -out "$run/tls/cert.pem" 2>"$run/tls/log" || die "no certificate: $(tail -n 1 "$run/tls/log")"
}

# both_run tests whether both servers are alive.
both_run() { kill -0 "$apache" && kill -0 "$fpm"; } 2>/dev/null

# await_fpm waits for the socket, which php-fpm makes when it has preloaded. Apache comes after it: a load balancer tries a refused
# connection elsewhere, and passes Apache's 503 on to the visitor. That matters where a container is started again at its old address.
await_fpm() {
    local try
    for ((try = 0; try < 3000; try++)); do
        if [[ -S $run/fpm.sock ]] || ! kill -0 "$fpm" 2>/dev/null; then return; fi
        sleep 0.02
    done
}

# warm_up requests the health page until it succeeds, so that the first real request runs compiled code.
warm_up() {
    local status= try
    for ((try = 0; try < 600; try++)); do
        both_run || return 0 # the supervisor says why
        status=$(http_status "$HEALTH_PATH") || status=
        [[ -n $status ]] && break
        sleep 0.05
    done
    if [[ $status != 200 ]]; then
        say "GET $HEALTH_PATH answers ${status:-nothing}, expected 200: see the lines above, or set HEALTH_PATH"
        halt 1
    fi
    : >"$ready"
    say "ready in $(((${EPOCHREALTIME/./} - started) / 1000)) ms: release ${APP_RELEASE:-unknown}, $PHP_MAX_CHILDREN php processes"
}

# halt ends both servers at once and the container with $1. No trap may interrupt it.
halt() {
    trap '' TERM INT QUIT WINCH
    rm -f "$ready"
    [[ -n $apache ]] && kill -TERM "$apache" 2>/dev/null
    [[ -n $fpm ]] && kill -TERM "$fpm" 2>/dev/null
    [[ -n $meter ]] && kill "$meter" 2>/dev/null
    [[ -n $watcher ]] && kill "$watcher" 2>/dev/null
    [[ -n $keeper ]] && kill "$keeper" 2>/dev/null
    wait
    exit "$1"
}

# stop ends the container in an order that loses no request: set "not ready", pause until the load balancer sends nothing more, let
# Apache finish its requests (WINCH; TERM would cut them), then php-fpm (QUIT; TERM would cut them).
stop() {
    trap '' TERM INT QUIT WINCH
    say "SIG$1 received, stopping; no fault of the container"
    if [[ -e $ready ]]; then
        rm -f "$ready"
        sleep "$DRAIN_SECONDS"
    fi
    [[ -n $apache ]] && kill -WINCH "$apache" 2>/dev/null && wait "$apache"
    [[ -n $fpm ]] && kill -QUIT "$fpm" 2>/dev/null && wait "$fpm"
    say "stopped, all requests answered"
    exit 0
}

# proxies reads TRUSTED_PROXIES, the addresses of the load balancer, for Apache. Without it they are the private ranges of a network:
# whoever is in one of them and reaches this port is the load balancer, if the firewall is right. Laravel's * means that, too.
proxies() {
    local list=${TRUSTED_PROXIES:-*} range ranges
    # Symfony's words for the same.
    case $list in REMOTE_ADDR | private_ranges | PRIVATE_SUBNETS) list='*' ;; esac
    [[ $list != *'*'* ]] || list="10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 fc00::/7"
    read -r -a ranges <<<"${list//,/ }"
    PROXY_RANGES=${ranges[*]} PEER_IS_PROXY=
    for range in "${ranges[@]}"; do
        [[ $range =~ ^[0-9a-fA-F.:]+(/[0-9]+)?$ ]] || die "TRUSTED_PROXIES: \"$range\" is not an address or a range such as 10.0.0.0/20"
        PEER_IS_PROXY+="${PEER_IS_PROXY:+ || }%{CONN_REMOTE_ADDR} -ipmatch '$range'"
    done
    OWN_HOST=${APP_URL:-http://localhost}
    [[ $OWN_HOST != https://* ]] || flags+=(-D OWN_HTTPS)
    OWN_HOST=${OWN_HOST#*://} OWN_HOST=${OWN_HOST%%/*}
    [[ $OWN_HOST =~ ^[A-Za-z0-9.:-]+$ ]] || OWN_HOST=localhost
    export OWN_HOST PEER_IS_PROXY PROXY_RANGES
}

serve() {
    local flags=() status who
    proxies
    PHP_MAX_CHILDREN=${PHP_MAX_CHILDREN:-$(php_children)}
    # Longer than Apache waits, so that Apache, not php-fpm, ends a request that takes too long.
    FPM_STOP_SECONDS=$((GRACE_SECONDS + 2)) FPM_REQUEST_SECONDS=$((REQUEST_SECONDS + 2))
    export PHP_MAX_CHILDREN FPM_STOP_SECONDS FPM_REQUEST_SECONDS GRACE_SECONDS HEALTH_PATH KEEP_ALIVE_SECONDS REQUEST_SECONDS
    if [[ ${CONTAINER_TLS:-0} == 1 ]]; then
        certificate
        flags+=(-D TLS)
    fi
    meter_disk
    watch_temp
    # In sessions of their own: a stopping Apache signals its process group, which would include this shell and php-fpm.
    setsid php-fpm --nodaemonize --fpm-config /etc/php/php-fpm.conf &
    fpm=$!
    if [[ -n ${KEEP_ASSETS:-} ]]; then
        flags+=(-D KEEP_ASSETS)
        keep_assets_fresh # while the rest starts; before a load balancer sends requests
    fi
    cache # while php-fpm preloads
    await_fpm
    setsid apache2 -f /etc/apache2/httpd.conf "${flags[@]}" -D FOREGROUND &
    apache=$!
    [[ -z $keeper ]] || await_assets
    warm_up
    # One may have ended already. wait -n would not report it, and wait for the other; wait with its number still has its status.
    for who in "$fpm" "$apache" ''; do
        if [[ -n $who ]] && ! kill -0 "$who" 2>/dev/null; then break; fi
    done
    if [[ -n $who ]]; then wait "$who"; else wait -n -p who "$apache" "$fpm"; fi && status=0 || status=$?
    case $who in
        "$apache") who=Apache ;;
        "$fpm") who=php-fpm ;;
    esac
    say "$who ended by itself with status $status: stopping the container"
    halt 1
}

# http_status prints the status of GET $1 from this container's own server on port $2, Apache's by default, without an HTTP client in the image.
# shellcheck shell=bash
http_status() {
    local line
    exec 3<>/dev/tcp/127.0.0.1/"${2:-8080}" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: healthcheck\r\nConnection: close\r\n\r\n' "$1" >&3
    IFS= read -r -t 4 line <&3 || line=
    exec 3>&-
    [[ $line =~ ^HTTP/[0-9.]+\ ([0-9]{3}) ]] && printf '%s' "${BASH_REMATCH[1]}"
} 2>/dev/null

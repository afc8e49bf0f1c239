# The assets of a release outlive it (release.keepAssetsHours): a page that is open asks the next release for them, and during a release
# the page of a new container asks an old one. Vite puts a hash into each name, so those of all releases fit into one folder.
# shellcheck shell=bash

keeper=

# keep_assets puts those of this release into the bucket, unless a container of the same release has done so lately. A fault stops nothing:
# this container has them. Source maps are left out: only a browser's developer tools ask for them.
keep_assets() {
    local mark=${APP_RELEASE:-unknown} from=$EPOCHREALTIME status=0
    [[ -d public/build/assets ]] || return 0
    php $lib/assets.php due "$mark" || status=$?
    if ((status == 3)); then return 0; fi # NOT_DUE
    if ((status == 0)) && (cd public && find build/assets -type f ! -name '*.map' -print0 | xargs -0 -r -P 4 -n 8 php $lib/assets.php) && php $lib/assets.php mark "$mark"; then
        say "assets of release $mark kept in $(((${EPOCHREALTIME/./} - ${from/./}) / 1000)) ms"
        return
    fi
    ((status == 0)) || say "assets.php ends with status $status: see the lines above"
    say "the assets of release $mark are not in the bucket: another release cannot serve them to pages of this one; trying again in five minutes"
    return 1
}

# keep_assets_fresh does it at the start, and again and again: the bucket deletes files by their age.
keep_assets_fresh() {
    {
        while :; do
            keep_assets && pause=21600 || pause=300
            : >"$run/assets-kept"
            sleep "$pause"
        done
    } &
    keeper=$!
}

# await_assets waits for the end of the first attempt, at most ASSETS_WAIT_SECONDS and while the servers run. The attempt goes on after that.
await_assets() {
    local until=$((SECONDS + ASSETS_WAIT_SECONDS))
    while [[ ! -e $run/assets-kept ]] && both_run; do
        if ((SECONDS >= until)); then
            say "the assets of this release are not all in the bucket after $ASSETS_WAIT_SECONDS s: ready without, and they follow"
            return
        fi
        sleep 0.05
    done
}

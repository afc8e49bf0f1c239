# The assets of a release outlive it (release.keepAssetsHours): a page that is open asks the next release for them, and during a release
# the page of a new container asks an old one. Vite puts a hash into each name, so those of all releases fit into one folder.
# shellcheck shell=bash

keeper=

# keep_assets puts those of this release into the bucket, unless a container of the same release has done so lately. A fault stops nothing:
# this container has them.
keep_assets() {
    local mark=${APP_RELEASE:-unknown} from=$EPOCHREALTIME
    [[ -d public/build/assets ]] || return 0
    php $lib/assets.php due "$mark" || return 0
    if (cd public && find build/assets -type f -print0 | timeout 20 xargs -0 -r -P 4 -n 8 php $lib/assets.php) && php $lib/assets.php mark "$mark"; then
        say "assets of release $mark kept in $(((${EPOCHREALTIME/./} - ${from/./}) / 1000)) ms"
    else
        say "the assets of release $mark are not in the bucket: another release cannot serve them to pages of this one"
    fi
}

# keep_assets_fresh does it again and again: the bucket deletes files by their age.
keep_assets_fresh() {
    while sleep 21600; do keep_assets; done &
    keeper=$!
}

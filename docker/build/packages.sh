#!/bin/bash
# Installs an application's Composer packages, in steps that are layers.
#
#   packages.sh prepare   where packagist does not answer: offer Debian's Laravel 10 and 13, PHPUnit and Mockery to Composer
#   packages.sh install   composer install, in the folder of composer.json, without what development needs
#   packages.sh develop   the rest of it, after install
#
# The lock decides: a build never swaps locked versions for others, and Composer asks the servers that the lock names, through the proxy or
# from the mirror that it is told. Only this repository's example has no lock, so that it builds from packagist and from Debian's packages:
# its versions are resolved here and now, and composer.lock stays in the image as the record. UNLOCKED=1 does the same with another one.
#
# Credentials come as BuildKit's secrets, which are mounted for one command and are in no layer: auth.json, the one of Composer's home if there are two
# (home-auth.json), COMPOSER_AUTH (the same as text: https://getcomposer.org/doc/articles/authentication-for-private-packages.md), and an SSH
# agent.
set -euo pipefail

pool=/opt/pool
config=$COMPOSER_HOME/config.json
build=$(dirname "$0")
secrets=/run/secrets

# packagist asks as Composer would.
packagist() {
    php -r 'require $argv[1]; exit(fetch("https://repo.packagist.org/packages.json", 8) === false ? 1 : 0);' "$build/fetch.php"
}

# Laravel 13 is in Debian's next release only. Its packages of PHP code fit every processor and PHP of this one, and are unpacked, not installed:
# the system stays as it is. Composer chooses between the two by what composer.json allows.
prepare() {
    if packagist; then return; fi
    echo "packagist does not answer: the example application would get Laravel, PHPUnit and Mockery from Debian's packages" >&2
    apt-get update -qq
    php "$build/pool.php" "$pool/laravel-framework-10" laravel/framework php-laravel-framework
    local next mirror
    # Where this image's own packages come from.
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: trixie' | head -n 1)
    next=$(mktemp -d)
    mkdir -p "$next"/{cache/archives/partial,lists/partial}
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror forky main" >"$next/sources.list"
    # A mirror that is some weeks behind will do here; its signature counts all the same.
    cat >"$next/apt.conf" <<APT
Dir::Etc::SourceList "$next/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$next/lists";
Dir::Cache "$next/cache";
Dir::Cache::pkgcache "packages";
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false";
APT
    export APT_CONFIG=$next/apt.conf
    if apt-get update -qq; then
        php "$build/pool.php" "$pool/laravel-framework-13" laravel/framework php-laravel-framework
        php "$build/pool.php" "$pool/mockery" mockery/mockery php-mockery
        php "$build/pool.php" "$pool/phpunit" phpunit/phpunit phpunit
    else
        echo "$mirror has no forky, so that only an application of Laravel 10 can be built without packagist" >&2
    fi
    unset APT_CONFIG
    rm -rf "$next"
}

# The repository is configured for the user, not in the application's composer.json, which stays an ordinary one.
offline() {
    mkdir -p "$(dirname "$config")"
    printf '{"repositories": [{"type": "path", "url": "%s/*", "options": {"symlink": false}}, {"packagist.org": false}]}\n' \
        "$pool" >"$config"
}

install() {
    php "$build/platform.php" "${1:?facts}"
    packages --no-dev
}

# develop works from the lock that install left, its own or the application's.
develop() { packages; }

packages() {
    local run=install
    # Copies of path repositories, not links: the folder is not in the image.
    export COMPOSER_MIRROR_PATH_REPOS=1
    if [[ ! -e composer.lock ]]; then
        if [[ ${APP:-} != examples/laravel && -z ${UNLOCKED:-} ]]; then
            echo "$APP/composer.lock is missing: run composer update in $APP, and commit the file. Without it every build could install other versions" >&2
            exit 1
        fi
        run=update
        if packagist; then
            rm -f "$config"
        else
            [[ -d $pool ]] || prepare
            offline
        fi
    fi
    credentials
    # cweagans/composer-patches 1 goes on without a patch that does not fit.
    export COMPOSER_EXIT_ON_PATCH_FAILURE=1
    composer "$run" --ignore-platform-req='ext-*' --ignore-platform-req='php*' --no-scripts --no-autoloader --no-progress --prefer-dist "$@" 2>&1 |
        tee /tmp/composer.log >&2 || explain
    rm -f auth.json "$COMPOSER_HOME/auth.json" /tmp/composer.log
    # A path repository can insist on links ("symlink": true). Their folders are not here when the application runs.
    find vendor -maxdepth 2 -type l | while IFS= read -r link; do
        if [[ -d $link ]]; then
            cp -aL "$link" "$link.copy" && rm "$link" && mv "$link.copy" "$link" || exit 1
        elif [[ ! -e $link ]]; then
            echo "$link is a link to nothing: its package is not among what the builder gets" >&2
            exit 1
        fi
    done
    # History and remotes of packages that have a source only.
    find vendor -name .git -prune -exec rm -rf {} +
}

credentials() {
    mkdir -p "$COMPOSER_HOME"
    if [[ -s $secrets/home-auth.json ]]; then ln -sf "$secrets/home-auth.json" "$COMPOSER_HOME/auth.json"; fi
    # Beside composer.json, where Composer prefers it to its home's.
    if [[ -s $secrets/auth.json ]]; then ln -sf "$secrets/auth.json" auth.json; fi
    if [[ -s $secrets/COMPOSER_AUTH ]]; then COMPOSER_AUTH=$(<"$secrets/COMPOSER_AUTH") && export COMPOSER_AUTH; fi
    # The lock has the hash of the commit, so a false server cannot give other files.
    export GIT_SSH_COMMAND='ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new' GIT_TERMINAL_PROMPT=0
}

# explain ends the build after Composer failed, with what to do on the last line.
explain() {
    local hint=
    if grep -qiE 'Could not authenticate|Invalid credentials|HTTP 40[13]|\(40[134]\)|returned 40[134]|Permission denied|Authentication failed|could not read Username|Host key verification' /tmp/composer.log; then
        hint="a server refused the request. Have auth.json in $APP (or in Composer's home), COMPOSER_AUTH, or an SSH agent (SSH_AUTH_SOCK), and build with make up: docs/your-application.md, Private packages"
        if [[ -s $secrets/auth.json || -s $secrets/home-auth.json || -s $secrets/COMPOSER_AUTH || -S ${SSH_AUTH_SOCK:-} ]]; then hint="a server refused the credentials that the build was given: see Composer's lines above"; fi
    elif grep -qiE 'Could not resolve host|Connection refused|Connection timed out|Failed to connect|curl error (6|7|28) ' /tmp/composer.log; then
        hint="a server does not answer: $(grep -oiE '(Could not resolve host: |Failed to connect to |while downloading )[^ ]+' /tmp/composer.log | head -n 1). Behind a proxy, set https_proxy and build with make up"
    fi
    # Otherwise Composer's own last words, without the usage that it prints after them.
    [[ -n $hint ]] || hint=$(awk '/^In .* line [0-9]+:$/ { text = ""; next } /^(install|update) \[/ { exit } { text = text " " $0 } END { print text }' /tmp/composer.log | tr -s ' ' | cut -c 1-300)
    echo "composer ${run} failed${hint:+: $hint}" >&2
    exit 1
}

case ${1:-} in
    prepare | install | develop) "$@" ;;
    *) echo "usage: packages.sh prepare|install FACTS|develop" >&2; exit 2 ;;
esac

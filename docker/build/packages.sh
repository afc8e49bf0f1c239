#!/bin/sh
# Installs an application's Composer packages, in steps that are layers.
#
#   packages.sh prepare   where packagist does not answer: offer Debian's Laravel 10.48, PHPUnit 11 and Mockery to Composer
#   packages.sh install   composer install, in the folder of composer.json, without what development needs
#   packages.sh develop   the rest of it, after install
#
# With composer.lock the lock decides and packagist must answer: a build never swaps locked versions for others.
# Without one (as in the example application, so that it builds from either source) the versions are resolved
# here and now, and composer.lock stays in the image as the record.
set -eu

pool=/opt/pool
config=$COMPOSER_HOME/config.json

packagist() {
    php -r 'exit(@file_get_contents("https://repo.packagist.org/packages.json", false,
        stream_context_create(["http" => ["timeout" => 8]])) === false ? 1 : 0);'
}

prepare() {
    if packagist; then return; fi
    echo "packagist does not answer: taking Laravel, PHPUnit and Mockery from Debian's packages" >&2
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends -o Dir::Cache::archives=/var/cache/debs php-laravel-framework php-mockery phpunit
    php "$(dirname "$0")/pool.php" "$pool/laravel-framework" laravel/framework php-laravel-framework
    php "$(dirname "$0")/pool.php" "$pool/mockery" mockery/mockery php-mockery
    php "$(dirname "$0")/pool.php" "$pool/phpunit" phpunit/phpunit phpunit
}

# The repository is configured for the user, not in the application's composer.json, which stays an ordinary one.
offline() {
    mkdir -p "$(dirname "$config")"
    printf '{"repositories": [{"type": "path", "url": "%s/*", "options": {"symlink": false}}, {"packagist.org": false}]}\n' \
        "$pool" >"$config"
}

install() {
    packages --no-dev
}

# develop works from the lock that install left, its own or the application's.
develop() { packages; }

packages() {
    set -- "$@" --no-scripts --no-autoloader --no-progress --prefer-dist
    if packagist; then
        rm -f "$config"
    elif [ -e composer.lock ] && ! [ -e "$config" ]; then
        echo "packagist does not answer, and composer.lock asks for packages from there: build where it does" >&2
        exit 1
    else
        [ -d "$pool" ] || prepare
        offline
    fi
    if [ -e composer.lock ]; then
        composer install --ignore-platform-req='ext-*' "$@"
    else
        composer update --ignore-platform-req='ext-*' "$@"
    fi
}

case ${1:-} in
    prepare | install | develop) "$1" ;;
    *) echo "usage: packages.sh prepare|install|develop" >&2; exit 2 ;;
esac

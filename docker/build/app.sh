#!/bin/bash
# Computes what an image can contain before its environment is known (caches, the preload list, the list of
# packages), and writes the result with fixed times, so that the same sources produce the same layer.
set -euo pipefail
shopt -s dotglob extglob
build=$(dirname "$0") lib=/usr/local/lib/laravel-ecs
cd /var/www

"$build/sources.sh" /mnt/sources .
cp -a -t vendor /mnt/autoload/autoload.php /mnt/autoload/composer
rm -rf public bootstrap/ssr && mv /assets/public public
if [[ -d /assets/ssr ]]; then mkdir -p bootstrap && cp -a -t bootstrap /assets/ssr; fi
# It depends on the packages alone.
php "$build/sbom.php" "${RELEASE:-dev}" /sbom/package-lock.json >/tmp/sbom &
sbom=$!

# Laravel writes to storage and to the caches of the config: both live on tmpfs at run time.
rm -rf storage
mkdir -p bootstrap/cache /run/app/storage/{app/public,logs,framework/{cache/data,sessions,views}}
ln -s /run/app/storage storage

# The build knows no secret and needs none: this key only lets the framework boot.
export APP_ENV=production APP_KEY="base64:$(printf '%032d' 0 | base64)" LOG_CHANNEL=null CACHE_DRIVER=array CACHE_STORE=array
export SESSION_DRIVER=array QUEUE_CONNECTION=sync VIEW_COMPILED_PATH=/var/www/bootstrap/cache/views

php "$lib/discover.php"
mkdir -p "$VIEW_COMPILED_PATH"
# What the build cannot make without the environment, a container makes when it starts: caches.php says why on the last line.
read -r -a caches <<< "${BUILD_CACHES:-}"
left=$(CACHES_FOR=build php "$lib/caches.php" "${caches[@]}" 2>/tmp/why) || left=${caches[*]}
if [[ $left == *view* ]]; then rm -rf "$VIEW_COMPILED_PATH"; fi
if [[ -n $left ]]; then
    echo "not made in the build, but when a container starts: the caches of $left, because" >&2
    sed 's/^build: //' /tmp/why >&2
fi
# Laravel generates random names for routes without a name. Numbers are the same in every build.
for file in bootstrap/cache/routes-*.php; do
    [[ -e $file ]] && php -r '
        $names = [];
        file_put_contents($argv[1], preg_replace_callback("/generated::\w{16}/", function ($found) use (&$names) {
            return $names[$found[0]] ??= sprintf("generated::%016d", count($names) + 1);
        }, file_get_contents($argv[1])));' "$file"
done
# The preload list is optional: an application that cannot boot here is built without it.
php "$build/preload.php" bootstrap/cache/preload.list 2>/tmp/why || { { echo "no list of classes to preload: the application does not start without its environment"; cat /tmp/why; } >&2; : >bootstrap/cache/preload.list; }

mkdir -p /out/usr/share/laravel-ecs /out/var/www/vendor
php "$build/ssr.php" >/out/usr/share/laravel-ecs/ssr
[[ -s /out/usr/share/laravel-ecs/ssr ]] || rm /out/usr/share/laravel-ecs/ssr
echo "${START_CACHES-config} $left" >/out/usr/share/laravel-ecs/caches
wait "$sbom"
mv /tmp/sbom /out/usr/share/laravel-ecs/sbom.cdx.json

rm -rf node_modules tests phpunit.xml phpunit.xml.dist package.json package-lock.json npm-shrinkwrap.json pnpm-lock.yaml pnpm-workspace.yaml .pnpmfile.* \
    yarn.lock .yarn .pnp.* bun.lock bun.lockb bunfig.toml vite.config.* .npmrc .yarnrc .yarnrc.yml .nvmrc .node-version patches
# The packages are a layer of their own. Only their class map depends on the application's classes.
cp -a !(vendor) /out/var/www/
cp -a vendor/{autoload.php,composer} /out/var/www/vendor/
chmod -R a+rX,go-w /out
# Compiled views must be younger than their sources, or Laravel compiles them again.
find /out -exec touch --no-dereference --date=@946684800 {} +
find /out/var/www/bootstrap/cache -exec touch --date=@946684860 {} +

#!/bin/bash
# Runs the application's own tests: the command in TEST_COMMAND, or else the application's test runner.
set -euo pipefail
cd /var/www
mkdir -p bootstrap/cache storage/{app/public,logs,framework/{cache/data,sessions,views}}
export APP_ENV=testing APP_KEY=${APP_KEY:-base64:$(head -c 32 /dev/urandom | base64)}
php /usr/local/lib/laravel-ecs/discover.php
if [[ -n ${TEST_COMMAND:-} ]]; then
    exec bash -c "$TEST_COMMAND"
fi
for runner in vendor/bin/pest vendor/bin/phpunit; do
    if [[ -e $runner ]]; then exec php -d memory_limit=512M "$runner"; fi
done
echo "no test runner: phpunit/phpunit or pestphp/pest belongs into require-dev of composer.json" >&2
exit 1

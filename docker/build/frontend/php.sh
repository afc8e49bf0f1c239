#!/bin/bash
# Collects what the stage "assets" needs to run artisan: PHP as the image has it, and the class map.
#
#   php.sh MARK VENDOR TARGET     does nothing but make TARGET if there is no file MARK
#
# The stages begin with the same base image, so the server's /usr fits the other's.
set -euo pipefail
mark=$1 vendor=$2 target=$3
mkdir -p "$target"
if [[ ! -e $mark ]]; then exit 0; fi
mkdir -p "$target"/{usr,etc,var/www/vendor}
find /usr -mindepth 1 -maxdepth 1 ! -name local -exec cp -a -t "$target/usr" {} +
cp -a -t "$target/etc" /etc/php /etc/alternatives
cp -a -t "$target/var/www/vendor" "$vendor/autoload.php" "$vendor/composer"

#!/bin/sh
php artisan route:cache --quiet
php artisan config:cache --quiet

chown -R www-data:www-data /var/www
chgrp -R www-data /var/www/bootstrap/cache
chmod -R ug+rwx /var/www/bootstrap/cache

php artisan migrate --force

php artisan queue:work --daemon &

rm -rf /run/apache2/*
. /etc/apache2/envvars
mkdir -p "$APACHE_RUN_DIR"
/usr/sbin/apache2 -DFOREGROUND

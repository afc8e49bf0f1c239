#!/bin/bash
# Installs the client of the database where the application's migrations begin with a dump of the tables, and makes it connect as Laravel's
# own connection does: client.sh DUMPS.
#
# Laravel calls the program mysql, with --ssl-ca where the connection has MYSQL_ATTR_SSL_CA (Illuminate\Database\Schema\MySqlSchemaState).
# Without it PHP's connection is not encrypted, but MariaDB's client of Debian 13 insists on a certificate that it can verify (since 11.4:
# https://mariadb.com/docs/server/security/encryption/data-in-transit-encryption/zero-configuration-ssl).
# --ssl-ca turns encryption and verification on again: options of the command come after those of a file.
set -euo pipefail

if [[ -n $(find "$1" '(' -name '*.sql' -o -name '*.dump' ')' ! -name 'pgsql-*' ! -name 'sqlite-*' -print -quit) ]] && ! command -v mysql >/dev/null; then
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends -o Dir::Cache::archives=/var/cache/debs mariadb-client-core
    rm -rf /var/log/* /var/cache/debconf/* /var/cache/ldconfig/*
fi
if command -v mariadb >/dev/null; then
    command -v mysql >/dev/null || ln -s mariadb /usr/bin/mysql
    mkdir -p /etc/mysql/mariadb.conf.d
    [[ -e /etc/mysql/my.cnf ]] || printf '!includedir /etc/mysql/mariadb.conf.d/\n' >/etc/mysql/my.cnf
    printf '[client]\nskip-ssl\n' >/etc/mysql/mariadb.conf.d/90-laravel.cnf
fi

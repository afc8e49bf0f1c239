#!/bin/bash
# Installs the client of the database where the application's migrations begin with a dump of the tables, and makes it connect as Laravel's
# own connection does: client.sh DUMPS. It is that of the drivers that PHP has here.
#
# Laravel calls the program mysql, with --ssl-ca where the connection has MYSQL_ATTR_SSL_CA (Illuminate\Database\Schema\MySqlSchemaState).
# Without it PHP's connection is not encrypted, but MariaDB's client of Debian 13 insists on a certificate that it can verify (since 11.4:
# https://mariadb.com/docs/server/security/encryption/data-in-transit-encryption/zero-configuration-ssl).
# --ssl-ca turns encryption and verification on again: options of the command come after those of a file.
#
# Of PostgreSQL it calls psql or pg_restore (Illuminate\Database\Schema\PostgresSchemaState), which read PGSSLMODE and PGSSLROOTCERT as PHP does.
# Debian's are scripts in Perl, which the image does not have: the programs themselves take their place.
set -euo pipefail

# dumps tells whether there is a dump of these names, for a driver of PHP.
dumps() {
    local driver=$1
    shift
    [[ -n $(find "${folder:?}" '(' -name '*.sql' -o -name '*.dump' ')' "$@" -print -quit) ]] && php -m | grep -x "$driver" >/dev/null # not -q, after which php would fail
}

install() {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends -o Dir::Cache::archives=/var/cache/debs "$@"
    rm -rf /var/log/* /var/cache/debconf/* /var/cache/ldconfig/*
}

folder=$1
if dumps pdo_mysql ! -name 'pgsql-*' ! -name 'sqlite-*' && ! command -v mysql >/dev/null; then install mariadb-client-core; fi
if command -v mariadb >/dev/null; then
    command -v mysql >/dev/null || ln -s mariadb /usr/bin/mysql
    mkdir -p /etc/mysql/mariadb.conf.d
    [[ -e /etc/mysql/my.cnf ]] || printf '!includedir /etc/mysql/mariadb.conf.d/\n' >/etc/mysql/my.cnf
    printf '[client]\nskip-ssl\n' >/etc/mysql/mariadb.conf.d/90-laravel.cnf
fi
if dumps pdo_pgsql -name 'pgsql-*' && ! command -v psql >/dev/null; then install postgresql-client; fi
for program in /usr/lib/postgresql/*/bin/{psql,pg_dump,pg_restore}; do
    [[ ! -x $program ]] || ln -sf "$program" /usr/bin/
done

<?php
// How users.php makes the database and its user on PostgreSQL. Only the owner of a table may change it, and the users of a rotation alternate: so a
// role that cannot log in, DATABASE_owner, owns the database, both users are members of it, and what they make belongs to it.

const LONGEST = 57; // name of a database: that of the role has six characters more, and 63 are the limit
const OWN = 'postgres'; // the database that each server has: a connection needs one, and ours may not be there yet

/** A refused login is null. libpq reads PGSSLMODE and PGSSLROOTCERT. */
function login(string $user, string $password, string $database): ?PDO
{
    $server = sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('DB_HOST'), getenv('DB_PORT') ?: 5432, $database ?: OWN);
    // PDO has no code for a failed connection, only the server's text.
    $refused = 'password authentication failed|role ".*" (does not exist|is not permitted to log in)'
        .($database === '' ? '' : '|database ".*" does not exist|permission denied for database');
    return connect($server, $user, $password, [],
        fn (PDOException $e) => (bool) preg_match("/$refused/", $e->getMessage()),
        fn (PDOException $e) => (bool) preg_match('/Connection (refused|reset)|(starting up|shutting down|accepting connections)|could not translate|No route|timeout expired|closed the connection/', $e->getMessage()));
}

/** The SQLSTATE of an error. Its text may have the statement. */
function number(PDOException $e): string
{
    return (string) ($e->errorInfo[0] ?? $e->getCode());
}

function name(string $identifier): string
{
    return '"'.str_replace('"', '""', $identifier).'"';
}

function is_there(PDO $server, string $catalog, string $column, string $name): bool
{
    return (bool) $server->query("select 1 from $catalog where $column = ".$server->quote($name))->fetchColumn();
}

/** Connections that are left end: those of the user itself (https://www.postgresql.org/docs/17/sql-dropdatabase.html, FORCE). */
function drop_database(PDO $server, string $database): void
{
    run($server, 'limiting the wait', "set lock_timeout = '60s'");
    run($server, "dropping the database $database", 'drop database if exists '.name($database).' with (force)');
}

function drop_users(PDO $master, string $database, array $users): void
{
    foreach ([...$users, $database.'_owner'] as $user) {
        run($master, "dropping the user $user", 'drop role if exists '.name($user));
    }
}

/**
 * What the server keeps of a password (RFC 5803). A statement with the password itself may be in the server's log
 * (https://www.postgresql.org/docs/17/sql-createrole.html, Notes).
 */
function verifier(string $password): string
{
    $salt = random_bytes(16);
    $salted = hash_pbkdf2('sha256', $password, $salt, 4096, 0, true);
    $stored = hash('sha256', hash_hmac('sha256', 'Client Key', $salted, true), true);
    return 'SCRAM-SHA-256$4096:'.base64_encode($salt).'$'.base64_encode($stored).':'.base64_encode(hash_hmac('sha256', 'Server Key', $salted, true));
}

/** Makes the database and its user, whose login works already or not. */
function make(PDO $master, string $database, string $name, string $password, bool $works): void
{
    strlen($name) <= 63 || fail("DB_USERNAME: \"$name\" is longer than 63 characters");
    [$owner, $user, $own] = [name($database.'_owner'), name($name), name($database)];
    run($master, 'limiting the wait', "set lock_timeout = '60s'");
    run($master, 'waiting for another container', 'select pg_advisory_lock(hashtext('.$master->quote("users:$database").'))');
    if (!is_there($master, 'pg_roles', 'rolname', $database.'_owner')) {
        run($master, "creating the role {$database}_owner", "create role $owner nologin");
    }
    // Since PostgreSQL 16, who makes a role may pass it on, and is no member of it (https://www.postgresql.org/docs/17/role-attributes.html).
    run($master, "becoming a member of {$database}_owner", "grant $owner to current_user");
    if (!is_there($master, 'pg_database', 'datname', $database)) {
        run($master, "creating the database $database", "create database $own owner $owner encoding 'UTF8'");
    }
    run($master, "giving the database $database to {$database}_owner", "alter database $own owner to $owner");
    // Everybody may connect to a new database (https://www.postgresql.org/docs/17/ddl-priv.html).
    run($master, "closing the database $database", "revoke all on database $own from public");
    if (!$works) {
        if (!is_there($master, 'pg_roles', 'rolname', $name)) {
            run($master, "creating the user $name", "create role $user");
        }
        run($master, "setting the password of $name", "alter role $user login password ".$master->quote(verifier($password)));
    }
    run($master, "granting $name its rights on $database", "grant $owner to $user");
    run($master, "giving what $name makes to {$database}_owner", "alter role $user in database $own set role to $owner");
}

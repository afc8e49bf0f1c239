<?php
// How users.php makes the database and its user on MySQL and MariaDB.

// What an application does with its own database, migrations included: everything but passing these rights on.
const PRIVILEGES = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, '
    .'EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER';
const LONGEST = 64; // name of a database
const MASTER_DROPS = false; // the application's own user does, who has rights on no other database

/** A refused login is null. */
function login(string $user, string $password, string $database): ?PDO
{
    $options = ($authority = getenv('MYSQL_ATTR_SSL_CA')) ? [PDO::MYSQL_ATTR_SSL_CA => $authority] : [];
    $server = sprintf('mysql:host=%s;port=%s;charset=utf8mb4', getenv('DB_HOST'), getenv('DB_PORT') ?: 3306);
    return connect($server, $user, $password, $options,
        // MariaDB says 1698 to a user that it does not have.
        fn (PDOException $e) => in_array($e->getCode(), [1045, 1698], true),
        // 2002: nothing answers (yet); 2006, 2013: it went away; 1053: it is shutting down.
        fn (PDOException $e) => in_array($e->getCode(), [2002, 2006, 2013, 1053], true));
}

/** The number of an error. Its text may have the statement, and so a password. */
function number(PDOException $e): string
{
    return (string) ($e->errorInfo[1] ?? $e->getCode());
}

function message(PDOException $e): string
{
    return (string) ($e->errorInfo[2] ?? $e->getMessage());
}

function cause(PDOException $e): string
{
    return '';
}

/**
 * A table in use must not keep the task: MySQL waits a year for it,
 * MariaDB a day (lock_wait_timeout in their manuals).
 */
function drop_database(PDO $server, string $database, array $users): void
{
    run($server, 'limiting the wait', 'set session lock_wait_timeout = 60');
    run($server, "dropping the database $database", "drop database if exists `$database`");
}

function drop_users(PDO $master, string $database, array $users): void
{
    foreach ($users as $user) {
        run($master, "dropping the user $user", 'drop user if exists '.$master->quote($user)."@'%'");
    }
}

/** Makes the database and its user, whose login works already or not. */
function make(PDO $master, string $database, string $name, string $password, bool $works): void
{
    $master->query('select get_lock('.$master->quote('users:'.md5($name)).', 60)')->fetchAll();
    $user = $master->quote($name)."@'%'";
    run($master, "creating the database $database", "create database if not exists `$database` character set utf8mb4 collate utf8mb4_unicode_ci");
    if (!$works) {
        run($master, "creating the user $name", "create user if not exists $user identified by ".$master->quote($password), true);
        run($master, "setting the password of $name", "alter user $user identified by ".$master->quote($password), true);
    }
    // In a grant _ stands for any character, unless partial_revokes is on (MySQL reference manual, "GRANT Statement"). MariaDB has no such variable.
    $revokes = $master->query("show variables like 'partial_revokes'")->fetch();
    $pattern = ($revokes[1] ?? 'OFF') === 'ON' ? $database : str_replace('_', '\_', $database);
    run($master, "granting $name its rights on $database", 'grant '.PRIVILEGES." on `$pattern`.* to $user");
}

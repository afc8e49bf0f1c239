<?php
// Prepares the database server for the application: its database, and its user with the password that this release has. It runs as the
// master user, before any code of the application, in the roles migrate and users only. Any number of containers can run it at once. It
// touches no other user, so tasks of an earlier release keep working (docs/adr/0019). With "drop DATABASE" it removes what it has made.

// What an application does with its own database, migrations included: everything but passing these rights on.
const PRIVILEGES = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, '
    .'EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER';
const DENIED = [1045, 1698]; // MariaDB says 1698 to a user that it does not have

function fail(string $text): never
{
    fwrite(STDERR, "users: $text\n");
    exit(1);
}

/** Logs in, waiting for a server that is still starting. A refused login is null. */
function login(string $user, string $password): ?PDO
{
    $options = [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 10];
    if ($authority = getenv('MYSQL_ATTR_SSL_CA')) {
        $options[PDO::MYSQL_ATTR_SSL_CA] = $authority;
    }
    $server = sprintf('mysql:host=%s;port=%s;charset=utf8mb4', getenv('DB_HOST'), getenv('DB_PORT') ?: 3306);
    for ($end = time() + (int) (getenv('DB_WAIT_SECONDS') ?: 60); ; sleep(1)) {
        try {
            return new PDO($server, $user, $password, $options);
        } catch (PDOException $e) {
            if (in_array($e->getCode(), DENIED, true)) {
                return null;
            }
            // 2002: nothing answers (yet); 2006, 2013: it went away; 1053: it is shutting down.
            if (!in_array($e->getCode(), [2002, 2006, 2013, 1053], true) || time() >= $end) {
                fail('no connection to the database: '.$e->getMessage());
            }
        }
    }
}

/** Runs a statement. The server quotes statements in its errors, and this one may have a password: only the number is told. */
function run(PDO $server, string $what, string $statement): void
{
    try {
        $server->exec($statement);
    } catch (PDOException $e) {
        fail("$what: error ".($e->errorInfo[1] ?? $e->getCode()).' of the server');
    }
}

/**
 * Drops the database and both users of it, which alternate. What is not there is no error: it can be run again. The database is dropped as
 * its own user, who has rights on no other one. A table in use must not keep the task: MySQL waits a year for it, MariaDB a day
 * (lock_wait_timeout in their manuals).
 */
function drop(string $database, string $name, string $password): never
{
    $own = login($name, $password);
    $master = login((string) getenv('DB_MASTER_USERNAME'), (string) getenv('DB_MASTER_PASSWORD'));
    $server = $own ?? $master ?? fail('the database refuses the master user '.getenv('DB_MASTER_USERNAME')." (DB_MASTER_PASSWORD), and $name too");
    run($server, 'limiting the wait', 'set session lock_wait_timeout = 60');
    run($server, "dropping the database $database", "drop database if exists `$database`");
    $master ?? fail("dropped the database $database; its users stay: the database refuses the master user ".getenv('DB_MASTER_USERNAME').' (DB_MASTER_PASSWORD)');
    foreach (preg_match('/_[ab]$/', $name) ? [substr($name, 0, -1).'a', substr($name, 0, -1).'b'] : [$name] as $user) {
        run($master, "dropping the user $user", 'drop user if exists '.$master->quote($user)."@'%'");
    }
    fwrite(STDOUT, "users: dropped the database $database and its users\n");
    exit(0);
}

[$database, $name, $password] = [getenv('DB_DATABASE'), getenv('DB_USERNAME'), (string) getenv('DB_PASSWORD')];
if (!preg_match('/^[A-Za-z0-9_]{1,64}$/', (string) $database)) {
    fail("DB_DATABASE: \"$database\" is not letters, digits and underscores");
}
if (($argv[1] ?? '') === 'drop') {
    ($argv[2] ?? '') === $database || fail('drop: the name of the database is expected, as a confirmation: DB_DATABASE is '.$database);
    // The names of review environments' databases: Schema in stacks/config/review.go.
    str_starts_with($database, 'review_') || fail("drop: $database is not the database of a review environment: its name does not begin with review_");
    drop($database, $name, $password);
}
$works = login($name, $password) !== null;
$master = login(getenv('DB_MASTER_USERNAME'), (string) getenv('DB_MASTER_PASSWORD'));
if ($master === null) {
    // After a rotation of the master password, tasks of an earlier release that are started once more have the old one.
    $works || fail('the database refuses the master user '.getenv('DB_MASTER_USERNAME')." (DB_MASTER_PASSWORD), and $name too");
    fwrite(STDERR, "users: the database refuses the master user; $name can log in, going on\n");
    exit(0);
}
$master->query('select get_lock('.$master->quote('users:'.md5($name)).', 60)')->fetchAll();
$user = $master->quote($name)."@'%'";
run($master, "creating the database $database", "create database if not exists `$database` character set utf8mb4 collate utf8mb4_unicode_ci");
if (!$works) {
    run($master, "creating the user $name", "create user if not exists $user identified by ".$master->quote($password));
    run($master, "setting the password of $name", "alter user $user identified by ".$master->quote($password));
}
// In a grant _ stands for any character, unless partial_revokes is on (MySQL reference manual, "GRANT Statement"). MariaDB has no such variable.
$revokes = $master->query("show variables like 'partial_revokes'")->fetch();
$pattern = ($revokes[1] ?? 'OFF') === 'ON' ? $database : str_replace('_', '\_', $database);
run($master, "granting $name its rights on $database", 'grant '.PRIVILEGES." on `$pattern`.* to $user");
$works || fwrite(STDERR, "users: made $name, which may use the database $database and no other\n");

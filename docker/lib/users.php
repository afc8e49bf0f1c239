<?php
// Prepares the database server for the application: its database, and its user with the password that this release has. It runs as the
// master user, before any code of the application, in the roles migrate and users only. Any number of containers can run it at once. It
// touches no other user, so tasks of an earlier release keep working (docs/adr/0019). With "drop DATABASE" it removes what it has made.
// DB_GUESTS are databases and users of other applications on the server (docs/adr/0029): DATABASE=USER, separated by commas, each with its password
// in DB_GUEST_DATABASE. They are made alike, and the applications never see the master password.

require __DIR__.(getenv('DB_CONNECTION') === 'pgsql' ? '/users-pgsql.php' : '/users-mysql.php');

final class Failed extends RuntimeException
{
}

/** Ends the run, or, for a guest, what is done for it. */
function fail(string $text): never
{
    throw new Failed($text);
}

set_exception_handler(function (Throwable $e): never {
    $e instanceof Failed || throw $e;
    fwrite(STDERR, 'users: '.$e->getMessage()."\n");
    exit(1);
});

/** Connects, waiting for a server that is still starting. A refused login is null. */
function connect(string $server, string $user, string $password, array $options, callable $refused, callable $starting): ?PDO
{
    $options += [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 10];
    for ($end = time() + (int) (getenv('DB_WAIT_SECONDS') ?: 60); ; sleep(1)) {
        try {
            return new PDO($server, $user, $password, $options);
        } catch (PDOException $e) {
            if ($refused($e)) {
                return null;
            }
            if (!$starting($e) || time() >= $end) {
                fail('no connection to the database: '.$e->getMessage());
            }
        }
    }
}

/** Runs a statement. The server quotes statements in its errors: of one with a password only the number is told. */
function run(PDO $server, string $what, string $statement, bool $secret = false): void
{
    try {
        $server->exec($statement);
    } catch (PDOException $e) {
        fail("$what: error ".number($e).' of the server'.($secret ? '' : ': '.message($e)).cause($e));
    }
}

/** Both users of a rotation, which alternate. */
function users(string $name): array
{
    return preg_match('/_[ab]$/', $name) ? [substr($name, 0, -1).'a', substr($name, 0, -1).'b'] : [$name];
}

/** Drops the database and both users of it. What is not there is no error: it can be run again. */
function drop(string $database, string $name, string $password): never
{
    $own = login($name, $password, '');
    $master = login((string) getenv('DB_MASTER_USERNAME'), (string) getenv('DB_MASTER_PASSWORD'), '');
    $server = (MASTER_DROPS ? $master ?? $own : $own ?? $master)
        ?? fail('the database refuses the master user '.getenv('DB_MASTER_USERNAME')." (DB_MASTER_PASSWORD), and $name too");
    drop_database($server, $database, users($name));
    $master ?? fail("dropped the database $database; its users stay: the database refuses the master user ".getenv('DB_MASTER_USERNAME').' (DB_MASTER_PASSWORD)');
    $own = $server = null;
    drop_users($master, $database, users($name));
    fwrite(STDOUT, "users: dropped the database $database and its users\n");
    exit(0);
}

/** Makes a database and a user who may use it and no other. A user who can log in already keeps his password. */
function prepare(PDO $master, string $database, string $name, string $password): void
{
    $works = login($name, $password, $database) !== null;
    make($master, $database, $name, $password, $works);
    $works || fwrite(STDERR, "users: made $name, which may use the database $database and no other\n");
}

/** The guests of DB_GUESTS: database, user and password of each. All are checked before the first one is made. */
function guests(string $own): array
{
    $guests = [];
    foreach (array_filter(explode(',', (string) getenv('DB_GUESTS'))) as $guest) {
        preg_match('/^([a-z0-9_]{1,64})=([a-z0-9_]{1,32})$/', $guest, $parts) || fail("DB_GUESTS: \"$guest\" is not DATABASE=USER");
        $parts[1] === $own && fail("DB_GUESTS: $own is the database of this application");
        $password = (string) getenv($variable = 'DB_GUEST_'.strtoupper($parts[1]));
        $password === '' && fail("$variable is missing: the password of $parts[2]");
        $guests[] = [$parts[1], $parts[2], $password];
    }

    return $guests;
}

[$database, $name, $password] = [getenv('DB_DATABASE'), getenv('DB_USERNAME'), (string) getenv('DB_PASSWORD')];
if (!preg_match('/^[A-Za-z0-9_]{1,'.LONGEST.'}$/', (string) $database)) {
    fail("DB_DATABASE: \"$database\" is not letters, digits and underscores");
}
if (($argv[1] ?? '') === 'drop') {
    ($argv[2] ?? '') === $database || fail('drop: the name of the database is expected, as a confirmation: DB_DATABASE is '.$database);
    // The names of review environments' databases: Schema in stacks/config/review.go.
    str_starts_with($database, 'review_') || fail("drop: $database is not the database of a review environment: its name does not begin with review_");
    drop($database, $name, $password);
}
$guests = guests($database);
$master = login((string) getenv('DB_MASTER_USERNAME'), (string) getenv('DB_MASTER_PASSWORD'), '');
if ($master === null) {
    // After a rotation of the master password, tasks of an earlier release that are started once more have the old one.
    login($name, $password, $database) || fail('the database refuses the master user '.getenv('DB_MASTER_USERNAME')." (DB_MASTER_PASSWORD), and $name too");
    fwrite(STDERR, "users: the database refuses the master user; $name can log in, going on\n");
    exit(0);
}
prepare($master, $database, $name, $password);
// A guest can close its database and its users: no reason for this application to stop, or to wait for it.
putenv('DB_WAIT_SECONDS=1');
foreach ($guests as [$schema, $user, $secret]) {
    try {
        prepare($master, $schema, $user, $secret);
    } catch (Failed $e) {
        fwrite(STDERR, "users: guest $schema: ".$e->getMessage()."; going on without it\n");
    } catch (PDOException $e) {
        fwrite(STDERR, "users: guest $schema: error ".number($e)." of the server; going on without it\n");
    }
}

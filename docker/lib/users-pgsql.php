<?php
// How users.php makes the database and its user on PostgreSQL. Only the owner of a table may change it, and the users of a rotation alternate: so a
// role that cannot log in, DATABASE_owner, owns the database, both users are members of it, and what they make belongs to it.

const LONGEST = 57; // name of a database: that of the role has six characters more, and 63 are the limit
const MASTER_DROPS = true; // who may end the sessions of both users
const OWN = 'postgres'; // the database that each server has: a connection needs one, and ours may not be there yet

/** A refused login is null. libpq reads PGSSLMODE and PGSSLROOTCERT. */
function login(string $user, string $password, string $database): ?PDO
{
    $server = sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('DB_HOST'), getenv('DB_PORT') ?: 5432, $database ?: OWN);
    // PDO has no code for a failed connection, only the server's text.
    $refused = 'password authentication failed|role ".*" (does not exist|is not permitted to log in)|permission denied for database'
        .($database === '' ? '' : '|database ".*" does not exist');
    return connect($server, $user, $password, [],
        fn (PDOException $e) => (bool) preg_match("/$refused/", $e->getMessage()),
        fn (PDOException $e) => (bool) preg_match('/Connection (refused|reset)|(starting up|shutting down|accepting connections)|could not translate|No route|timeout expired|closed the connection/', $e->getMessage()));
}

/** The SQLSTATE of an error. Its text may have the statement. */
function number(PDOException $e): string
{
    return (string) ($e->errorInfo[0] ?? $e->getCode());
}

/** What the server says, in its first line: the others may quote the statement. */
function message(PDOException $e): string
{
    return strtok((string) ($e->errorInfo[2] ?? $e->getMessage()), "\n");
}

/** Why, where there is something to mend. */
function cause(PDOException $e): string
{
    $master = getenv('DB_MASTER_USERNAME');
    return match (number($e)) {
        '42501' => ". $master (database.username) needs CREATEDB and CREATEROLE, must own the database, and have ADMIN on the application's roles, "
            .'which a superuser gives: GRANT ROLE TO '.name((string) $master).' WITH ADMIN OPTION (docs/choices.md#postgresql)',
        '55P03' => '. Another container has been preparing the database for 60 s',
        default => '',
    };
}

function name(string $identifier): string
{
    return '"'.str_replace('"', '""', $identifier).'"';
}

/** Asks a question whose answer is one value. */
function ask(PDO $server, string $question, string ...$values): mixed
{
    $statement = $server->prepare("select $question");
    $statement->execute($values);
    return $statement->fetchColumn();
}

/** Before PostgreSQL 16 who has CREATEROLE may do with each role what ADMIN allows since then. */
function is_old(PDO $server): bool
{
    return (int) ask($server, "current_setting('server_version_num')") < 160000;
}

/**
 * Drops the database, with the connections that are left. FORCE ends those of roles that one is a member of
 * (https://www.postgresql.org/docs/17/sql-dropdatabase.html).
 */
function drop_database(PDO $server, string $database, array $users): void
{
    run($server, 'limiting the wait', "set lock_timeout = '60s'");
    foreach ([$database.'_owner', ...$users] as $role) {
        if (ask($server, "count(*) from pg_roles where rolname = ? and not pg_has_role(oid, 'USAGE')", $role)) {
            try {
                $server->exec('grant '.name($role).' to current_user');
            } catch (PDOException) { // the drop says what is missing, if anything is
            }
        }
    }
    for ($end = time() + 10; ; sleep(1)) { // sessions end by themselves: of a task that stops, of a tool that looks
        try {
            $server->exec('drop database if exists '.name($database).' with (force)');
            return;
        } catch (PDOException $e) {
            if (!in_array(number($e), ['42501', '55006'], true) || time() >= $end) {
                fail("dropping the database $database: error ".number($e).' of the server: '.message($e).cause($e));
            }
        }
    }
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

/**
 * Makes the database and its user, whose login works already or not. It changes only what is not so yet: since PostgreSQL 16 a role is changed and passed on
 * by who has ADMIN on it, which who makes it has (https://www.postgresql.org/docs/17/role-attributes.html), and an upgrade gives nobody. So an older
 * server gets it, for both users, before it is upgraded.
 */
function make(PDO $master, string $database, string $name, string $password, bool $works): void
{
    strlen($name) <= 63 || fail("DB_USERNAME: \"$name\" is longer than 63 characters");
    [$role, $owner, $user, $own, $new] = [$database.'_owner', name($database.'_owner'), name($name), name($database), false];
    $is_role = fn (string $role) => (bool) ask($master, 'count(*) from pg_roles where rolname = ?', $role);
    run($master, 'limiting the wait', "set lock_timeout = '60s'");
    run($master, 'waiting for another container', 'select pg_advisory_lock(hashtext('.$master->quote("users:$database").'))');
    if (!$is_role($role)) {
        run($master, "creating the role $role", "create role $owner nologin");
    }
    if (!$works && !$is_role($name)) {
        run($master, "creating the user $name", "create role $user");
    }
    $old = is_old($master);
    foreach ($old ? array_filter([$role, ...users($name)], $is_role) : [] as $one) {
        if (!ask($master, "pg_has_role(?, 'MEMBER WITH ADMIN OPTION')::int", $one)) {
            run($master, "keeping the right to change $one", 'grant '.name($one).' to current_user with admin option');
        }
    }
    // Since PostgreSQL 16, who makes a role is no member that acts as it.
    if (!$old && !ask($master, "(pg_has_role(?, 'USAGE') and pg_has_role(?, 'SET'))::int", $role, $role)) {
        run($master, "becoming a member of $role", "grant $owner to current_user");
    }
    if (!ask($master, 'count(*) from pg_database where datname = ?', $database)) {
        run($master, "creating the database $database", "create database $own owner $owner encoding 'UTF8'");
        $new = true;
    }
    if (ask($master, 'pg_get_userbyid(datdba) from pg_database where datname = ?', $database) !== $role) {
        run($master, "giving the database $database to $role", "alter database $own owner to $owner");
    }
    // Everybody may connect to a new database (https://www.postgresql.org/docs/17/ddl-priv.html). On a server that others use this may be what they need.
    if (ask($master, "has_database_privilege('public', ?, 'CONNECT')::int", $database)) {
        if ($new || getenv('DB_OWN_SERVER') || str_starts_with($database, 'review_')) {
            run($master, "closing the database $database", "revoke all on database $own from public");
        } elseif (!$works) {
            fwrite(STDERR, "users: each user of the server may connect to $database: REVOKE ALL ON DATABASE $own FROM PUBLIC, if no other needs it\n");
        }
    }
    if (!$works) {
        run($master, "setting the password of $name", "alter role $user login password ".$master->quote(verifier($password)), true);
    }
    if (!ask($master, "pg_has_role(?, ?, '".($old ? 'MEMBER' : 'SET')."')::int", $name, $role)) {
        run($master, "granting $name its rights on $database", "grant $owner to $user");
    }
    $settings = 'count(*) from pg_db_role_setting join pg_database d on d.oid = setdatabase join pg_roles r on r.oid = setrole where datname = ? and rolname = ? and ? = any(setconfig)';
    if (!ask($master, $settings, $database, $name, "role=$role")) {
        run($master, "giving what $name makes to $role", "alter role $user in database $own set role to $owner");
    }
}

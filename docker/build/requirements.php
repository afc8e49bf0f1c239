<?php
// Collects what `composer install` reads from the application, and nothing else, so that another changed file installs nothing again:
// requirements.php APP CONTEXT TARGET. That is composer.json and composer.lock, the packages of path and artifact repositories
// (https://getcomposer.org/doc/05-repositories.md), Git repositories that are folders, and files that `extra` names: patches, and the
// composer.json of modules (wikimedia/composer-merge-plugin). TARGET is laid out as if the application were in TARGET/var/www.
// It prints the folders of packages that are beside the application, for the search for secrets: the application's own are searched with it.

[, $app, $context, $target] = $argv;
$from = realpath("/context/$app");
$top = realpath("/context/$context");
$beside = [];

function fail(string ...$lines): never
{
    fwrite(STDERR, implode("\n", $lines)."\n");
    exit(1);
}

function read(string $file): array
{
    $content = json_decode(file_get_contents($file), true);
    return is_array($content) ? $content : fail(basename($file).' is no JSON: '.json_last_error_msg());
}

/** Copies a file or a folder of the application, or of a folder beside it, to the same place in the target. */
function take(string $path): void
{
    global $from, $top, $target, $beside;
    $source = realpath("$from/$path");
    $up = substr_count("/$path/", '/../');
    if ($source === false || $source === $from || !str_starts_with("$source/", "$top/")) {
        return;
    }
    if ($up > 2) {
        fail("composer.json: $path is more than two folders above the application: move the packages nearer");
    }
    $copy = "$target/var/www/$path";
    exec('mkdir -p '.escapeshellarg(dirname($copy)).' '.escapeshellarg("$target/var/www").' && cp -a '.escapeshellarg($source).' -T '.escapeshellarg($copy), $out, $status);
    $status === 0 || fail("$path cannot be copied");
    exec('rm -rf '.escapeshellarg("$copy/vendor").' '.escapeshellarg("$copy/node_modules"));
    if (is_dir($source) && !str_starts_with($source, "$from/") && !in_array($source, $beside, true)) {
        $beside[] = $source;
        echo substr($source, strlen('/context/')), "\n";
    }
}

if ($from === false || !is_file("$from/composer.json")) {
    fail("$app/composer.json does not reach the builder: check image.app, and docker/Dockerfile.dockerignore");
}
if ($top === false || !str_starts_with("$from/", "$top/")) {
    fail("image.context: $context is not a folder above $app");
}
$project = read("$from/composer.json");
$lock = is_file("$from/composer.lock") ? read("$from/composer.lock") : [];
take('composer.json');
take('composer.lock');
foreach ($project['repositories'] ?? [] as $repository) {
    $url = is_array($repository) ? $repository['url'] ?? '' : '';
    if (!is_string($url) || !preg_match('#^(?!/|[a-z+]+://|[^/]+@[^/]+:)#i', $url) || $url === '') {
        continue; // reached over the network
    }
    if (in_array($repository['type'] ?? '', ['path', 'artifact', 'vcs', 'git'], true)) {
        foreach (glob("$from/$url", GLOB_BRACE) as $found) {
            take(substr($found, strlen($from) + 1));
        }
    }
}
$named = [];
$extra = $project['extra'] ?? [];
$collect = function ($value) use (&$named): void {
    if (is_string($value) && preg_match('#^(?!/|\.\.|.*://)[\w./*{},@ -]+$#', $value) && $value !== '.') {
        $named[] = $value;
    }
};
array_walk_recursive($extra, $collect);
// Lists of patches: extra.patches-file of composer-patches 1, and the files that 2 reads without being told.
foreach (array_unique(['patches.json', 'patches.lock.json', ...$named]) as $file) {
    if (preg_match('#patch[^/]*\.json$#', $file) && is_file("$from/$file")) {
        $named[] = $file;
        $list = read("$from/$file");
        array_walk_recursive($list, $collect);
    }
}
foreach ($named as $value) {
    foreach (glob("$from/$value", GLOB_BRACE) as $found) {
        // Other folders in `extra` are no input of Composer's, as public-dir.
        if (is_file($found) || str_contains($value, 'patch')) {
            take(substr($found, strlen($from) + 1));
        }
    }
}
// The lock says what is needed.
foreach ([...$lock['packages'] ?? [], ...$lock['packages-dev'] ?? []] as $package) {
    $url = $package['dist']['url'] ?? '';
    if ($url !== '' && !str_contains($url, ':')) {
        take($url);
    }
    $local = ($package['dist']['type'] ?? '') === 'path' || ($url !== '' && !str_contains($url, '://'));
    if ($local && !file_exists(str_starts_with($url, '/') ? $url : "$target/var/www/$url")) {
        fail("composer.lock has $package[name] from $url, and the builder gets no such file or folder.",
            "It gets $context/. In a monorepo, set image.context to the folder above the application that has the packages, too;",
            'it has to be in this repository, and allowed by docker/Dockerfile.dockerignore.');
    }
}

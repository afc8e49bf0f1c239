<?php
// Makes a Composer package "laravel/framework" of Debian's php-laravel-framework and all PHP packages it needs:
// pool.php TARGET. The class files are Debian's, unchanged; only Debian's own autoloaders are left out.

const ROOT = '/usr/share/php/';
[, $target] = $argv;

/** Lines that a command prints; its failure ends this program. */
function lines(string $command): array
{
    exec($command, $output, $status);
    if ($status !== 0) {
        fwrite(STDERR, "pool.php: $command failed\n");
        exit(1);
    }
    return $output;
}

/** Installed Debian packages that $package needs, itself included, as name => version. */
function closure(string $package, array $found = []): array
{
    $format = escapeshellarg('${Version}|${Depends}');
    [$version, $depends] = explode('|', lines("dpkg-query -W -f $format ".escapeshellarg($package))[0], 2);
    $found[$package] = $version;
    preg_match_all('/\bphp-[a-z0-9-]+/', $depends, $names);
    foreach (array_unique($names[0]) as $name) {
        exec('dpkg-query -W '.escapeshellarg($name).' 2>/dev/null', $ignored, $missing);
        if (!$missing && !isset($found[$name])) {
            $found = closure($name, $found);
        }
    }
    return $found;
}

$packages = closure('php-laravel-framework');
ksort($packages);
$functions = [];
$replace = [];
foreach (array_keys($packages) as $package) {
    if (preg_match('/^php-illuminate-(.+)$/', $package, $part)) {
        $replace["illuminate/$part[1]"] = 'self.version';
    }
    foreach (lines('dpkg -L '.escapeshellarg($package)) as $file) {
        if (!str_starts_with($file, ROOT) || !is_file($file)) {
            continue;
        }
        if (basename($file) === 'autoload.php') {
            // What an autoloader requires besides classes are files of functions: Composer's "files".
            preg_match_all("/^require_once __DIR__ ?\. ?'(.+)';/m", file_get_contents($file), $required);
            foreach ($required[1] as $name) {
                if (basename($name) !== 'autoload.php') {
                    $functions[] = 'src/'.substr(dirname($file), strlen(ROOT)).$name;
                }
            }
            continue;
        }
        $copy = "$target/src/".substr($file, strlen(ROOT));
        @mkdir(dirname($copy), 0755, true);
        copy($file, $copy);
    }
}
if (!is_file("$target/src/Illuminate/Foundation/Application.php")) {
    fwrite(STDERR, "pool.php: php-laravel-framework has no Illuminate/Foundation: Debian moved it\n");
    exit(1);
}
sort($functions);
$version = preg_replace('/[^0-9.].*$/', '', $packages['php-laravel-framework']);
file_put_contents("$target/composer.json", json_encode([
    'name' => 'laravel/framework',
    'description' => 'Laravel and what it needs, from Debian packages',
    'license' => 'MIT',
    'version' => $version,
    'replace' => $replace,
    'autoload' => ['classmap' => ['src/'], 'files' => $functions],
    'extra' => ['debian' => $packages],
], JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES));
fprintf(STDERR, "pool.php: laravel/framework %s of %d Debian packages, %d files of functions\n", $version, count($packages), count($functions));

<?php
// Makes a Composer package of a Debian package and all PHP packages it needs:
//
//   pool.php TARGET laravel/framework php-laravel-framework
//   pool.php TARGET mockery/mockery php-mockery
//   pool.php TARGET phpunit/phpunit phpunit
//
// The class files are Debian's, unchanged; only Debian's own autoloaders are left out.

const ROOT = '/usr/share/php/';
// For each package: its licence; a class file that must exist (if not, Debian has moved it); and its program, if it has one.
const KNOWN = [
    'laravel/framework' => ['MIT', 'Illuminate/Foundation/Application.php', null],
    'mockery/mockery' => ['BSD-3-Clause', 'Mockery.php', null],
    'phpunit/phpunit' => ['BSD-3-Clause', 'PHPUnit/TextUI/Application.php', <<<'PHP'
        #!/usr/bin/env php
        <?php
        define('PHPUNIT_COMPOSER_INSTALL', $GLOBALS['_composer_autoload_path']);
        require PHPUNIT_COMPOSER_INSTALL;
        exit((new PHPUnit\TextUI\Application)->run($_SERVER['argv']));
        PHP],
];
[, $target, $name, $debian] = $argv;
[$licence, $class, $program] = KNOWN[$name];

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
    preg_match_all('/\bphp(?:unit)?-[a-z0-9-]+/', $depends, $names);
    foreach (array_unique($names[0]) as $other) {
        exec('dpkg-query -W '.escapeshellarg($other).' 2>/dev/null', $ignored, $missing);
        if (!$missing && !isset($found[$other])) {
            $found = closure($other, $found);
        }
    }
    return $found;
}

$packages = closure($debian);
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
            // Besides classes, an autoloader requires files of functions: Composer's "files".
            preg_match_all("/^require_once __DIR__ ?\. ?'(.+)';/m", file_get_contents($file), $required);
            foreach ($required[1] as $path) {
                if (basename($path) !== 'autoload.php') {
                    $functions[] = 'src/'.substr(dirname($file), strlen(ROOT)).$path;
                }
            }
            continue;
        }
        $copy = "$target/src/".substr($file, strlen(ROOT));
        @mkdir(dirname($copy), 0755, true);
        copy($file, $copy);
    }
}
if (!is_file("$target/src/$class")) {
    fwrite(STDERR, "pool.php: $debian has no $class: Debian moved it\n");
    exit(1);
}
if ($program !== null) {
    mkdir("$target/bin");
    file_put_contents("$target/bin/".basename($name), $program."\n");
}
sort($functions);
$version = preg_replace('/[^0-9.].*$/', '', $packages[$debian]);
file_put_contents("$target/composer.json", json_encode([
    'name' => $name,
    'description' => "$debian and what it needs, from Debian packages",
    'license' => $licence,
    'version' => $version,
    'replace' => $replace,
    'autoload' => ['classmap' => ['src/'], 'files' => $functions],
    'bin' => $program === null ? [] : ['bin/'.basename($name)],
    'extra' => ['debian' => $packages],
], JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES));
fprintf(STDERR, "pool.php: %s %s of %d Debian packages, %d files of functions\n", $name, $version, count($packages), count($functions));

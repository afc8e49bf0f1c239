<?php
// Makes a Composer package of a Debian package and all PHP packages it needs:
//
//   pool.php TARGET laravel/framework php-laravel-framework
//   pool.php TARGET mockery/mockery php-mockery
//   pool.php TARGET phpunit/phpunit phpunit
//
// The packages are fetched with the apt of APT_CONFIG, and unpacked. The class files are Debian's, unchanged; only Debian's own autoloaders
// are left out.

const ROOT = '/usr/share/php/';
const AUTOLOADER = '#/autoload(-[a-z]+)?\.php$#';
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

/** The packages for every processor that $package needs, itself included, as name => version. Those for one processor are PHP itself. */
function closure(string $package): array
{
    $found = $seen = [];
    for ($wanted = [$package]; $wanted; $wanted = array_diff(array_unique($next), $seen)) {
        $seen = array_merge($seen, $wanted);
        $next = $lines = [];
        // A name that packages only provide (php-cli) has no entry of its own, about which apt-cache complains.
        exec('apt-cache --no-all-versions show '.implode(' ', array_map('escapeshellarg', $wanted)).' 2>/dev/null', $lines);
        foreach (explode("\n\n", implode("\n", $lines)) as $stanza) {
            preg_match_all('/^(Package|Version|Architecture|Depends): (.*)/m', $stanza, $fields);
            $of = array_combine($fields[1], $fields[2]);
            if (($of['Architecture'] ?? '') === 'all') {
                $found[$of['Package']] = $of['Version'];
                preg_match_all('/\bphp(?:unit)?-[a-z0-9-]+/', $of['Depends'] ?? '', $names);
                array_push($next, ...$names[0]);
            }
        }
    }
    return $found;
}

$packages = closure($debian);
ksort($packages);
$debs = sys_get_temp_dir()."/$debian";
mkdir($debs);
chdir($debs);
lines('apt-get download -qq -o APT::Sandbox::User=root '.implode(' ', array_map('escapeshellarg', array_keys($packages))));
$functions = [];
$replace = [];
foreach (array_keys($packages) as $package) {
    if (preg_match('/^php-illuminate-(.+)$/', $package, $part)) {
        $replace["illuminate/$part[1]"] = 'self.version';
    }
    mkdir($package);
    lines("dpkg-deb -x {$package}_*.deb $package");
    foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator("$debs/$package", FilesystemIterator::SKIP_DOTS)) as $file) {
        $source = (string) $file;
        $file = substr($source, strlen("$debs/$package"));
        if (!str_starts_with($file, ROOT) || !is_file($source)) {
            continue;
        }
        if (preg_match(AUTOLOADER, $file)) {
            // Besides classes, an autoloader requires files of functions: Composer's "files".
            preg_match_all("/^require_once __DIR__ ?\. ?'(.+)';/m", file_get_contents($source), $required);
            foreach ($required[1] as $path) {
                if (!preg_match(AUTOLOADER, $path)) {
                    $functions[] = 'src/'.substr(dirname($file), strlen(ROOT)).$path;
                }
            }
            continue;
        }
        $copy = "$target/src/".substr($file, strlen(ROOT));
        @mkdir(dirname($copy), 0755, true);
        copy($source, $copy);
    }
}
if (!is_file("$target/src/$class")) {
    fwrite(STDERR, "pool.php: $debian has no $class: Debian moved it\n");
    exit(1);
}
// Laravel looks for its own configuration beside src (Illuminate\Foundation\Bootstrap\LoadConfiguration).
if (is_dir("$target/src/Illuminate/config")) {
    rename("$target/src/Illuminate/config", "$target/config");
}
if ($program !== null) {
    mkdir("$target/bin");
    file_put_contents("$target/bin/".basename($name), $program."\n");
}
$functions = array_unique($functions);
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
lines('rm -rf '.escapeshellarg($debs));

<?php
// Compares what the packages ask of PHP (composer.json, composer.lock: php and ext-*) with what the server has: platform.php FACTS, in the
// folder of composer.json. Composer itself runs in another stage, with other extensions, so it cannot know. Without FACTS it prints them, in
// the stage "platform", which starts from the server; php.sh left there which extensions apt has, and in which packages.

if ($argc === 1) {
    $extensions = [];
    foreach (get_loaded_extensions() as $name) {
        // As Composer names them (Composer\Repository\PlatformRepository).
        $extensions['ext-'.strtolower(str_replace(' ', '-', $name))] = phpversion($name) ?: PHP_VERSION;
    }
    ksort($extensions);
    $prefix = 'php'.PHP_MAJOR_VERSION.'.'.PHP_MINOR_VERSION.'-';
    // The words of image.extensions are the packages that were asked for.
    exec('apt-mark showmanual', $installed);
    $words = preg_replace("/^$prefix/", '', preg_grep("/^$prefix(?!cli$|fpm$)/", $installed));
    sort($words);
    foreach (file('/usr/share/laravel-ecs/php-extensions', FILE_IGNORE_NEW_LINES) as $line) {
        [$name, $package] = explode(' ', $line);
        if (!isset($packages[$name]) || $package === $name) {
            $packages[$name] = $package;
        }
    }
    echo json_encode(['php' => PHP_VERSION, 'prefix' => $prefix, 'words' => $words, 'packages' => $packages ?? [], 'extensions' => $extensions], JSON_PRETTY_PRINT), "\n";
    exit;
}

require 'Composer/Semver/autoload.php'; // of Debian's Composer

use Composer\Semver\Semver;

$server = json_decode(file_get_contents($argv[1]), true);
$project = json_decode(file_get_contents('composer.json'), true) ?? [];
$lock = is_file('composer.lock') ? json_decode(file_get_contents('composer.lock'), true) : [];
$packages = [['name' => 'composer.json'] + $project, ...$lock['packages'] ?? []];

// A polyfill says that it stands in for an extension (https://getcomposer.org/doc/04-schema.md#provide).
$standIns = [];
foreach ($packages as $package) {
    $standIns += ($package['provide'] ?? []) + ($package['replace'] ?? []);
}
$missing = [];
$wrong = [];
foreach ($packages as $package) {
    foreach ($package['require'] ?? [] as $what => $constraint) {
        $what = strtolower($what);
        $who = $package['name'].(isset($package['version']) ? " $package[version]" : '');
        if (preg_match('/^php(-64bit)?$/', $what)) {
            Semver::satisfies($server['php'], $constraint) || $wrong[] = "php $constraint is asked for by $who, and the server has $server[php]";
        } elseif (preg_match('/^ext-(.+)$/', $what, $extension) && !isset($standIns[$what])) {
            $name = str_replace(' ', '-', $extension[1]);
            $have = $server['extensions']["ext-$name"] ?? null;
            if ($have === null) {
                $missing[$name][] = $who;
            } elseif (preg_match('/^\d+(\.\d+)*/', $have, $version) && !Semver::satisfies($version[0], $constraint)) {
                $wrong[] = "ext-$name $constraint is asked for by $who, and the server has $version[0]";
            }
        }
    }
}
if (!$missing && !$wrong) {
    exit(0);
}

$words = $server['words'];
$add = [];
fwrite(STDERR, "the packages ask for what PHP on the server does not have:\n");
ksort($missing);
$packages = $server['packages'];
foreach ($missing as $extension => $who) {
    $name = str_replace('_', '-', $extension === 'zend-opcache' ? 'opcache' : $extension);
    $word = $packages[$name] ?? null;
    $text = "    ext-$extension: asked for by ".implode(', ', $who);
    if ($word === null) {
        $text .= "; there is no package $server[prefix]$name, so it cannot be in the image";
    } else {
        $add[] = $word;
    }
    fwrite(STDERR, "$text\n");
}
foreach ($wrong as $text) {
    fwrite(STDERR, "    $text\n");
}
if ($add) {
    $words = array_unique([...$words, ...$add]);
    sort($words);
    fwrite(STDERR, "set in the stack file (or --build-arg PHP_EXTENSIONS):\n    laravel-ecs:image:\n      extensions: ".implode(' ', $words)."\n");
}
exit(1);

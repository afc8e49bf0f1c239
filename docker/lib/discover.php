<?php
// Writes bootstrap/cache/packages.php, the list of the packages' service providers, as `artisan package:discover` does
// (Illuminate\Foundation\Console\PackageDiscoverCommand calls the same method), but without starting the application: the list follows
// from composer.json and vendor/composer/installed.json alone, and service providers may need what a build does not have.

require 'vendor/autoload.php';
@mkdir('bootstrap/cache', 0755, true);
(new Illuminate\Foundation\PackageManifest(new Illuminate\Filesystem\Filesystem, getcwd(), getcwd().'/bootstrap/cache/packages.php'))->build();

<?php
// Prints where the bundle for server-side rendering is, below the application's folder, or nothing. Inertia takes the one of its
// configuration, else the first of these that exists (src/Ssr/BundleDetector.php of inertia-laravel, which also takes public/js/app.js, where
// Mix writes the bundle for browsers).

$files = ['bootstrap/ssr/ssr.js', 'bootstrap/ssr/app.js', 'bootstrap/ssr/ssr.mjs', 'bootstrap/ssr/app.mjs', 'public/js/ssr.js'];
if (! is_dir('bootstrap/ssr') && ! is_file('public/js/ssr.js')) {
    exit;
}
try {
    require 'vendor/autoload.php';
    $app = require 'bootstrap/app.php';
    $app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap();
    array_unshift($files, str_replace('/var/www/', '', (string) config('inertia.ssr.bundle')));
} catch (Throwable) {
    // An application that does not start here, which caches.php has said.
}
foreach ($files as $file) {
    if ($file !== '' && is_file($file)) {
        echo $file;
        exit;
    }
}
fwrite(STDERR, 'bootstrap/ssr has none of '.implode(', ', array_map(basename(...), $files)).": name the bundle in inertia.ssr.bundle, or no container can render with it\n");

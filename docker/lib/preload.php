<?php
// Compiles the class files that every request uses, once, before php-fpm forks (opcache.preload).
// The list is made at build time (docker/build/preload.php).

foreach (@file('/var/www/bootstrap/cache/preload.list', FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) ?: [] as $file) {
    if (is_file($file)) {
        opcache_compile_file($file);
    }
}

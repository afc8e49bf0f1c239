<?php

// Puts files of public/ into the bucket: assets.php FILE ... The status of "due MARK" says whether that has to be done, and "mark MARK" records
// that it was.

require __DIR__.'/s3.php';

const TYPES = [
    'css' => 'text/css', 'js' => 'text/javascript', 'mjs' => 'text/javascript', 'json' => 'application/json', 'map' => 'application/json', 'svg' => 'image/svg+xml',
    'woff' => 'font/woff', 'woff2' => 'font/woff2', 'ttf' => 'font/ttf', 'wasm' => 'application/wasm', 'webp' => 'image/webp', 'avif' => 'image/avif',
];
// After this time a release that still runs puts its files again, so that the lifecycle counts their days from then. Containers look twice as
// often (assets.sh). FileDays in stacks/config adds both times to the days.
const AGE = 12 * 3600;
// The status of "due" that means no. PHP ends with 255 at a fatal error, and 1 is what a shell makes of much.
const NOT_DUE = 3;

$files = array_slice($argv, 1);
if ($files[0] === 'due') {
    [$status, $headers] = s3('HEAD', ASSETS.'marks/'.$files[1]);
    exit($status === 200 && strtotime($headers['last-modified'] ?? '') > time() - AGE ? NOT_DUE : 0);
}
if ($files[0] === 'mark') {
    // Without a body PHP sends no length, which S3 wants.
    exit(s3('PUT', ASSETS.'marks/'.$files[1], "kept\n")[0] === 200 ? 0 : 1);
}
foreach ($files as $file) {
    $type = TYPES[strtolower(pathinfo($file, PATHINFO_EXTENSION))] ?? (mime_content_type($file) ?: 'application/octet-stream');
    [$status, , $body] = s3('PUT', ASSETS.$file, file_get_contents($file), ['content-type' => $type, 'cache-control' => 'public, max-age=31536000, immutable']);
    if ($status !== 200) {
        fwrite(STDERR, "S3 answers $status for $file: ".substr(strip_tags($body), 0, 300)."\n");
        exit(255); // xargs starts no more
    }
}

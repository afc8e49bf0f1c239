<?php

// Serves an asset of another release. A page that is open in a browser asks for it, or one that a container of that release made.

require __DIR__.'/s3.php';

$path = rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]);
$known = preg_match('#^/(build/assets/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*)$#', $path, $match);
[$status, $headers, $body] = $known ? s3('GET', ASSETS.$match[1]) : [404, [], ''];
if ($status !== 200) {
    $missing = $status === 404 || $status === 403; // S3 answers 403 for a missing file where the role may not list
    http_response_code($missing ? 404 : 502);
    header('Content-Type: text/plain');
    header('Cache-Control: no-store');
    $missing || error_log("release-assets: S3 answers $status for $path: ".substr(strip_tags($body), 0, 300));
    exit($missing ? "Not found\n" : "Not available\n");
}
header('Content-Type: '.$headers['content-type']);
header('Content-Length: '.strlen($body));
header('Cache-Control: public, max-age=31536000, immutable');
echo $body;

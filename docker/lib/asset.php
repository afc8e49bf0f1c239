<?php

// Serves an asset of another release, which the page in the visitor's browser asks for, or the page of a container beside this one.

require __DIR__.'/s3.php';

$path = rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]);
$known = preg_match('#^/(build/assets/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*)$#', $path, $match);
[$status, $headers, $body] = $known ? s3('GET', ASSETS.$match[1]) : [404, [], ''];
if ($status !== 200) {
    $missing = $status === 404 || $status === 403; // 403: to who may not list, it is not there
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

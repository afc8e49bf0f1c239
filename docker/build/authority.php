<?php
// Fetches a bundle of certificate authorities: authority.php URL FILE. An empty URL makes an empty folder.

[, $url, $file] = $argv;
@mkdir(dirname($file), 0755, true);
if ($url === '') {
    exit(0);
}
require __DIR__.'/fetch.php';
$bundle = fetch($url, 30);
if ($bundle === false || !str_contains($bundle, '-----BEGIN CERTIFICATE-----')) {
    fwrite(STDERR, "RDS_CA_URL: $url does not give a bundle of certificates\n");
    exit(1);
}
file_put_contents($file, $bundle);

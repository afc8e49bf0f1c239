<?php
// Fetches a bundle of certificate authorities: authority.php URL FILE. An empty URL makes an empty folder.

[, $url, $file] = $argv;
@mkdir(dirname($file), 0755, true);
if ($url === '') {
    exit(0);
}
// PHP itself does not read the variable.
$proxy = getenv('https_proxy') ?: getenv('HTTPS_PROXY');
$http = ['timeout' => 30] + ($proxy ? ['proxy' => preg_replace('#^https?://#', 'tcp://', rtrim($proxy, '/')), 'request_fulluri' => true] : []);
$bundle = @file_get_contents($url, false, stream_context_create(['http' => $http]));
if ($bundle === false || !str_contains($bundle, '-----BEGIN CERTIFICATE-----')) {
    fwrite(STDERR, "RDS_CA_URL: $url does not give a bundle of certificates\n");
    exit(1);
}
file_put_contents($file, $bundle);

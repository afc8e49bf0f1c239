<?php

/** What a server answers to GET, through the proxy of the environment, which PHP itself does not read; false without an answer of success. */
function fetch(string $url, int $seconds): string|false
{
    $proxy = getenv('https_proxy') ?: getenv('HTTPS_PROXY');
    $http = ['timeout' => $seconds] + ($proxy ? ['proxy' => preg_replace('#^https?://#', 'tcp://', rtrim($proxy, '/')), 'request_fulluri' => true] : []);

    return @file_get_contents($url, false, stream_context_create(['http' => $http]));
}

<?php

/**
 * Requests to the bucket of the environment (AWS_BUCKET) without an SDK, which the application may not have. They are signed with the
 * credentials of the task's role: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html.
 *
 * @param  array<string, string>  $headers
 * @return array{int, array<string, string>, string} status (0: no answer), headers and body
 */
function s3(string $method, string $key, string $body = '', array $headers = []): array
{
    static $role = null;
    if ($role === null || strtotime($role['Expiration']) < time() + 300) {
        $below = getenv('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
        $text = @file_get_contents($below ? "http://169.254.170.2$below" : (string) getenv('AWS_CONTAINER_CREDENTIALS_FULL_URI'), false, stream_context_create(['http' => ['timeout' => 2]]));
        $role = $text ? json_decode($text, true) : null;
        if (! isset($role['AccessKeyId'])) {
            return [0, [], 'the task has no role'];
        }
    }
    [$bucket, $region, $own] = [getenv('AWS_BUCKET'), getenv('AWS_DEFAULT_REGION'), getenv('AWS_ENDPOINT_URL_S3')];
    $host = $own ? preg_replace('#^https?://#', '', $own) : "$bucket.s3.$region.amazonaws.com";
    $path = ($own ? "/$bucket" : '').'/'.implode('/', array_map('rawurlencode', explode('/', $key)));
    $date = gmdate('Ymd\THis\Z');
    $headers += [
        'host' => $host, 'x-amz-content-sha256' => hash('sha256', $body), 'x-amz-date' => $date, 'x-amz-security-token' => $role['Token'],
    ];
    ksort($headers);
    $names = implode(';', array_keys($headers));
    $lines = [];
    foreach ($headers as $name => $value) {
        $lines[] = "$name:$value";
    }
    $request = "$method\n$path\n\n".implode("\n", $lines)."\n\n$names\n{$headers['x-amz-content-sha256']}";
    $scope = substr($date, 0, 8)."/$region/s3/aws4_request";
    $secret = "AWS4{$role['SecretAccessKey']}";
    foreach (explode('/', $scope) as $part) {
        $secret = hash_hmac('sha256', $part, $secret, true);
    }
    $signature = hash_hmac('sha256', "AWS4-HMAC-SHA256\n$date\n$scope\n".hash('sha256', $request), $secret);
    $lines[] = "authorization:AWS4-HMAC-SHA256 Credential={$role['AccessKeyId']}/$scope, SignedHeaders=$names, Signature=$signature";
    // Not http_get_last_response_headers(), which came with PHP 8.4, nor $http_response_header, which ends after it: a stream tells it in all versions
    // (https://www.php.net/http-get-last-response-headers, https://www.php.net/stream-get-meta-data).
    $stream = @fopen(($own && ! str_starts_with($own, 'https') ? 'http' : 'https')."://$host$path", 'r', false, stream_context_create(['http' => [
        'method' => $method, 'header' => $lines, 'content' => $body, 'ignore_errors' => true, 'timeout' => $method === 'PUT' ? 60 : 5,
    ]]));
    $answer = $stream ? stream_get_meta_data($stream)['wrapper_data'] : [];
    $text = $stream ? stream_get_contents($stream) : '';
    $found = [];
    foreach (array_slice($answer, 1) as $line) {
        [$name, $value] = explode(':', $line, 2) + [1 => ''];
        $found[strtolower($name)] = trim($value);
    }

    return [(int) (explode(' ', $answer[0] ?? '')[1] ?? 0), $found, (string) $text];
}

/** Where the assets of releases are in the bucket. Its lifecycle deletes them (release.keepAssetsHours). */
const ASSETS = 'release-assets/';

<?php

namespace App\Support;

use RuntimeException;

/**
 * Signs with the temporary credentials of the task's role, which the agent of ECS gives to the container (AWS, "Task IAM role", and
 * "Authenticating requests: Signature Version 4").
 */
trait SignsRequests
{
    private ?array $credentials = null;

    private function signedHeaders(string $body): array
    {
        return [
            'x-amz-content-sha256' => hash('sha256', $body), 'x-amz-date' => gmdate('Ymd\THis\Z'), 'x-amz-security-token' => $this->credentials()['Token'],
        ];
    }

    private function authorization(string $service, string $method, string $path, string $query, array $headers, string $region): string
    {
        ['AccessKeyId' => $id, 'SecretAccessKey' => $secret] = $this->credentials();
        $date = $headers['x-amz-date'];
        $names = implode(';', array_keys($headers));
        $text = implode('', array_map(fn ($name, $value) => "$name:$value\n", array_keys($headers), $headers));
        $request = "$method\n$path\n$query\n$text\n$names\n{$headers['x-amz-content-sha256']}";
        $scope = substr($date, 0, 8)."/$region/$service/aws4_request";
        $key = "AWS4$secret";
        foreach (explode('/', $scope) as $part) {
            $key = hash_hmac('sha256', $part, $key, true);
        }
        $signature = hash_hmac('sha256', "AWS4-HMAC-SHA256\n$date\n$scope\n".hash('sha256', $request), $key);

        return "AWS4-HMAC-SHA256 Credential=$id/$scope, SignedHeaders=$names, Signature=$signature";
    }

    private function credentials(): array
    {
        if ($this->credentials === null || strtotime($this->credentials['Expiration']) < time() + 300) {
            $path = getenv('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
            $text = $path ? file_get_contents("http://169.254.170.2$path") : false;
            $this->credentials = $text ? json_decode($text, true, flags: JSON_THROW_ON_ERROR) : throw new RuntimeException('the task has no role');
        }

        return $this->credentials;
    }
}

<?php

namespace App\Support;

use Illuminate\Support\Fluent;
use RuntimeException;

/**
 * What Laravel's queue "sqs" calls of the AWS SDK for PHP, for this example: see S3Adapter. Your application requires aws/aws-sdk-php instead, and
 * none of this. The protocol: AWS, "Amazon SQS AWS JSON protocol".
 */
final class SqsClient
{
    use SignsRequests;

    /** @param array{region: string} $config of config/queue.php */
    public function __construct(private array $config) {}

    /** sendMessage() and others. As the SDK does it, a request goes to the address of its queue. */
    public function __call(string $operation, array $arguments): Fluent
    {
        [$input, $body] = [$arguments[0], json_encode($arguments[0], JSON_THROW_ON_ERROR)];
        $address = parse_url($input['QueueUrl']);
        $headers = ['content-type' => 'application/x-amz-json-1.0', 'host' => $address['host'], 'x-amz-target' => 'AmazonSQS.'.ucfirst($operation)] + $this->signedHeaders($body);
        ksort($headers);
        $headers['authorization'] = $this->authorization('sqs', 'POST', $address['path'], '', $headers, $this->config['region']);
        $lines = array_map(fn ($name, $value) => "$name: $value", array_keys($headers), $headers);
        $options = ['method' => 'POST', 'header' => $lines, 'content' => $body, 'ignore_errors' => true, 'timeout' => 30];
        $text = file_get_contents($input['QueueUrl'], false, stream_context_create(['http' => $options]));
        $status = (int) (explode(' ', (http_get_last_response_headers() ?? [])[0] ?? '')[1] ?? 0);

        return $status === 200 ? new Fluent(json_decode((string) $text, true)) : throw new RuntimeException("$operation: SQS answers $status: $text");
    }
}

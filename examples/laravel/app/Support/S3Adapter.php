<?php

namespace App\Support;

use finfo;
use League\Flysystem\Config;
use League\Flysystem\FileAttributes;
use League\Flysystem\FilesystemAdapter;
use League\Flysystem\UnableToReadFile;
use RuntimeException;

/**
 * Laravel's disk "s3" with nothing but PHP, for this example: where packagist does not answer, its packages are Debian's, which has no AWS
 * SDK for PHP. Your application requires league/flysystem-aws-s3-v3 instead, and none of this.
 */
final class S3Adapter implements FilesystemAdapter
{
    use SignsRequests;

    /** @param array{bucket: string, region: string, endpoint?: ?string} $config of config/filesystems.php */
    public function __construct(private array $config) {}

    public function fileExists(string $path): bool
    {
        return $this->send('HEAD', $path)[0] === 200;
    }

    public function directoryExists(string $path): bool
    {
        return iterator_count($this->listContents($path, true)) > 0;
    }

    public function write(string $path, string $contents, Config $config): void
    {
        $type = (new finfo(FILEINFO_MIME_TYPE))->buffer($contents) ?: 'application/octet-stream';
        // As league/flysystem-aws-s3-v3 sends it.
        $this->expect('PUT', $path, $contents, ['content-type' => $type, 'x-amz-acl' => 'private']);
    }

    public function writeStream(string $path, $contents, Config $config): void
    {
        $this->write($path, stream_get_contents($contents), $config);
    }

    public function read(string $path): string
    {
        [$status, , $body] = $this->send('GET', $path);

        return $status === 200 ? $body : throw UnableToReadFile::fromLocation($path, "S3 answers $status: $body");
    }

    public function readStream(string $path)
    {
        $stream = fopen('php://temp', 'r+');
        fwrite($stream, $this->read($path));
        rewind($stream);

        return $stream;
    }

    public function delete(string $path): void
    {
        $this->expect('DELETE', $path);
    }

    public function deleteDirectory(string $path): void
    {
        foreach ($this->listContents($path, true) as $file) {
            $this->delete($file->path());
        }
    }

    public function createDirectory(string $path, Config $config): void
    {
        // A bucket has none.
    }

    public function setVisibility(string $path, string $visibility): void
    {
        throw new RuntimeException('access lists of the bucket are off: every file is private');
    }

    public function visibility(string $path): FileAttributes
    {
        return new FileAttributes($path, visibility: 'private');
    }

    public function mimeType(string $path): FileAttributes
    {
        return $this->attributes($path);
    }

    public function lastModified(string $path): FileAttributes
    {
        return $this->attributes($path);
    }

    public function fileSize(string $path): FileAttributes
    {
        return $this->attributes($path);
    }

    public function listContents(string $path, bool $deep): iterable
    {
        $prefix = $path === '' ? '' : rtrim($path, '/').'/';
        $query = ['list-type' => '2', 'prefix' => $prefix];
        do {
            $page = simplexml_load_string($this->expect('GET', '', '', [], $query)[2]);
            foreach ($page->Contents as $file) {
                if ($deep || ! str_contains(substr((string) $file->Key, strlen($prefix)), '/')) {
                    yield new FileAttributes((string) $file->Key, (int) $file->Size, 'private', strtotime((string) $file->LastModified));
                }
            }
            $query['continuation-token'] = (string) $page->NextContinuationToken;
        } while ((string) $page->IsTruncated === 'true');
    }

    public function move(string $source, string $destination, Config $config): void
    {
        $this->copy($source, $destination, $config);
        $this->delete($source);
    }

    public function copy(string $source, string $destination, Config $config): void
    {
        $from = $this->config['bucket'].'/'.implode('/', array_map(rawurlencode(...), explode('/', $source)));
        $this->expect('PUT', $destination, '', ['x-amz-acl' => 'private', 'x-amz-copy-source' => $from]);
    }

    private function attributes(string $path): FileAttributes
    {
        $headers = $this->expect('HEAD', $path)[1];

        return new FileAttributes($path, (int) $headers['content-length'], 'private', strtotime($headers['last-modified']), $headers['content-type']);
    }

    /** @return array{int, array<string, string>, string} */
    private function expect(string $method, string $key, string $body = '', array $headers = [], array $query = []): array
    {
        $answer = $this->send($method, $key, $body, $headers, $query);

        return intdiv($answer[0], 100) === 2 ? $answer : throw new RuntimeException("$method $key: S3 answers $answer[0]: $answer[2]");
    }

    /** @return array{int, array<string, string>, string} status, headers and body */
    private function send(string $method, string $key, string $body = '', array $headers = [], array $query = []): array
    {
        ['bucket' => $bucket, 'region' => $region] = $this->config;
        $own = $this->config['endpoint'] ?? null;
        $host = $own ? parse_url($own, PHP_URL_HOST) : "$bucket.s3.$region.amazonaws.com";
        $path = ($own ? "/$bucket" : '').'/'.implode('/', array_map(rawurlencode(...), explode('/', $key)));
        ksort($query);
        $query = http_build_query($query, '', '&', PHP_QUERY_RFC3986);
        $headers += ['host' => $host] + $this->signedHeaders($body);
        ksort($headers);
        $headers['authorization'] = $this->authorization('s3', $method, $path, $query, $headers, $region);
        $lines = array_map(fn ($name, $value) => "$name: $value", array_keys($headers), $headers);
        $options = ['method' => $method, 'header' => $lines, 'content' => $body, 'ignore_errors' => true, 'timeout' => 20];
        $text = file_get_contents(($own ? 'http' : 'https')."://$host$path?$query", false, stream_context_create(['http' => $options]));
        $found = [];
        $lines = http_get_last_response_headers() ?? [];
        foreach (array_slice($lines, 1) as $line) {
            [$name, $value] = explode(':', $line, 2) + [1 => ''];
            $found[strtolower($name)] = trim($value);
        }
        preg_match('/^\S+ (\d+)/', $lines[0] ?? '', $status);

        return [(int) ($status[1] ?? 0), $found, (string) $text];
    }
}

<?php

namespace App\Providers;

use App\Support\S3Adapter;
use App\Support\SessionStore;
use App\Support\SqsClient;
use Illuminate\Filesystem\FilesystemAdapter;
use Illuminate\Support\Facades\Storage;
use Illuminate\Support\ServiceProvider;
use League\Flysystem\Filesystem;

class AppServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton(SessionStore::class);
        // Yours has composer require aws/aws-sdk-php instead.
        class_exists('Aws\Sqs\SqsClient') || class_alias(SqsClient::class, 'Aws\Sqs\SqsClient');
    }

    public function boot(): void
    {
        // Yours has composer require league/flysystem-aws-s3-v3 instead.
        Storage::extend('s3', function ($app, array $config): FilesystemAdapter {
            $adapter = new S3Adapter($config);
            $config['throw'] = true;

            return new FilesystemAdapter(new Filesystem($adapter, $config), $adapter, $config);
        });
    }
}

<?php

return [
    // A container keeps nothing: files that must stay belong to S3 (composer require league/flysystem-aws-s3-v3).
    'default' => 'local',
    'disks' => [
        'local' => ['driver' => 'local', 'root' => storage_path('app')],
    ],
    'links' => [],
];

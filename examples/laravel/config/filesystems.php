<?php

return [
    // Files in a container are lost with it: store permanent files in S3 (composer require league/flysystem-aws-s3-v3).
    'default' => 'local',
    'disks' => [
        'local' => ['driver' => 'local', 'root' => storage_path('app')],
    ],
    'links' => [],
];

<?php

use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

require_once base_path('bootstrap/unmapped.php');
class_exists(App\Linked::class);

Route::get('/health', fn () => 'ok')->withoutMiddleware('web');

Route::get('/', fn (Request $request) => response()->json([
    'asset' => asset('app.css'), 'host' => $request->getHost(), 'ip' => $request->ip(), 'secure' => $request->isSecure(),
    'forwarded' => array_filter($request->headers->all(), fn ($name) => str_contains($name, 'forwarded') || $name === 'x-origin-verify', ARRAY_FILTER_USE_KEY),
]));

// Eight lines, sent as they are made.
Route::get('/lines', fn (Request $request) => response()->stream(function () use ($request): void {
    for ($line = 1; $line <= (int) $request->query('lines', '8'); $line++) {
        echo "data: line $line\n\n";
        flush();
        usleep(300_000);
    }
}, 200, ['Content-Type' => $request->query('type', 'text/event-stream')]))->withoutMiddleware('web');

// Names that Apache must leave to the application.
foreach (['openapi.yaml', 'export/a.sql', 'app.ini', '.settings', 'docs.lock', 'backup~'] as $name) {
    Route::get($name, fn () => "the route $name")->withoutMiddleware('web');
}

Route::get('/boom', fn () => throw new \RuntimeException("two\nlines"));

// Writes to the temporary folder, and says how much of it arrived.
Route::get('/temp', function (Request $request) {
    $file = tmpfile();
    $written = 0;
    for ($mib = 0; $mib < (int) $request->query('mib'); $mib++) {
        $written += (int) @fwrite($file, str_repeat('x', 1 << 20));
    }

    return $written;
});
Route::post('/upload', fn (Request $request) => $request->file('file')?->getError() ?? 'none')->withoutMiddleware('web');
Route::get('/memory', fn () => ini_get('memory_limit').' '.ini_get('upload_max_filesize').' '.ini_get('post_max_size').' '.ini_get('max_execution_time'));

<?php

namespace App\Http\Controllers;

use App\Support\System;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Storage;
use Symfony\Component\HttpFoundation\StreamedResponse;

class FileController extends Controller
{
    /** Stores a file where every container finds it. */
    public function store(Request $request): JsonResponse
    {
        $file = $request->file('file');
        abort_if($file === null || ! $file->isValid() || $file->getSize() > 1 << 20, 422, 'Send a form with a file of up to 1 MiB in the field "file".');
        $path = $file->store('files');

        return response()->json(['path' => $path, 'disk' => config('filesystems.default'), 'container' => System::container()], 201);
    }

    public function show(string $name): StreamedResponse
    {
        abort_unless(Storage::exists("files/$name"), 404);

        return Storage::response("files/$name", headers: ['X-Container' => System::container()]);
    }
}

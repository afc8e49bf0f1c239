<?php

namespace App\Http\Controllers;

use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

class UploadController extends Controller
{
    /** Takes a file of up to 20 MiB, measures it and forgets it. */
    public function store(Request $request): JsonResponse
    {
        $file = $request->file('file');
        abort_if($file !== null && $file->getError() === UPLOAD_ERR_INI_SIZE, 413, 'A file may have 20 MiB.');
        abort_if($file === null || !$file->isValid(), 422, 'Send a form with a file in the field "file".');

        return response()->json(['name' => basename($file->getClientOriginalName()), 'bytes' => $file->getSize()]);
    }
}

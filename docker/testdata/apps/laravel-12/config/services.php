<?php

return [
    'stamp' => ['text' => env('STAMP_TEXT', 'none')],
];

<?php

namespace App\Http\Middleware;

use App\Support\KeyRing;
use Illuminate\Cookie\CookieValuePrefix;
use Illuminate\Cookie\Middleware\EncryptCookies as Middleware;

class EncryptCookies extends Middleware
{
    /** A cookie carries a hash made with the key that encrypted it, which may be a previous one. */
    protected function validateValue(string $key, $value)
    {
        if (is_array($value)) {
            return $this->validateArray($key, $value);
        }
        foreach ($this->encrypter instanceof KeyRing ? $this->encrypter->keys() : [$this->encrypter->getKey()] as $one) {
            $valid = CookieValuePrefix::validate($key, $value, $one);
            if ($valid !== null) {
                return $valid;
            }
        }

        return null;
    }
}

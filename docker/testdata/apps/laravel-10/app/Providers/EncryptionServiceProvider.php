<?php

namespace App\Providers;

use App\Support\KeyRing;
use Illuminate\Encryption\EncryptionServiceProvider as Provider;

/** Encrypts with APP_KEY and reads what the keys in APP_PREVIOUS_KEYS have encrypted, as Laravel 11 does. */
class EncryptionServiceProvider extends Provider
{
    protected function registerEncrypter()
    {
        $this->app->singleton('encrypter', function ($app) {
            $config = $app->make('config')->get('app');
            $previous = array_map(fn ($key) => $this->parseKey(['key' => $key]), $config['previous_keys']);

            return new KeyRing($this->parseKey($config), $config['cipher'], $previous);
        });
    }
}

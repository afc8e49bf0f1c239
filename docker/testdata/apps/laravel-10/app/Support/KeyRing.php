<?php

namespace App\Support;

use Illuminate\Contracts\Encryption\DecryptException;
use Illuminate\Encryption\Encrypter;

/** An encrypter that also decrypts with previous keys. */
class KeyRing extends Encrypter
{
    /** @var Encrypter[] */
    private array $previous;

    public function __construct(string $key, string $cipher, array $previousKeys)
    {
        parent::__construct($key, $cipher);
        $this->previous = array_map(fn ($old) => new Encrypter($old, $cipher), array_values($previousKeys));
    }

    /** @return string[] all keys, the one that encrypts first */
    public function keys(): array
    {
        return [$this->key, ...array_map(fn ($old) => $old->getKey(), $this->previous)];
    }

    public function decrypt($payload, $unserialize = true)
    {
        try {
            return parent::decrypt($payload, $unserialize);
        } catch (DecryptException $refused) {
            foreach ($this->previous as $old) {
                try {
                    return $old->decrypt($payload, $unserialize);
                } catch (DecryptException) {
                }
            }
            throw $refused;
        }
    }
}

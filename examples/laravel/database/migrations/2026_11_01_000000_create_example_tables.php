<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Schema;

return new class extends Migration
{
    public function up(): void
    {
        Schema::create('counters', function (Blueprint $table): void {
            $table->string('name')->primary();
            $table->unsignedBigInteger('value')->default(0);
        });
        DB::table('counters')->insert(['name' => 'visits', 'value' => 0]);

        Schema::create('heartbeats', function (Blueprint $table): void {
            $table->id();
            $table->string('container');
            $table->timestamp('created_at')->index();
        });

        Schema::create('notes', function (Blueprint $table): void {
            $table->id();
            $table->string('text');
            $table->string('container');
            $table->timestamp('created_at');
        });
    }

    public function down(): void
    {
        Schema::dropIfExists('notes');
        Schema::dropIfExists('heartbeats');
        Schema::dropIfExists('counters');
    }
};

import laravel from 'laravel-vite-plugin';
import { defineConfig } from 'vite';

// An application that would run `php artisan wayfinder:generate` says so here, and not in a comment.
export default defineConfig({
    plugins: [laravel({ input: ['resources/js/app.js'], ssr: 'resources/js/ssr.js' })],
});

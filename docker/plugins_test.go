package docker_test

import (
	"path/filepath"
	"testing"
)

// TestPluginsOfComposer: a plugin that patches packages (as cweagans/composer-patches does: the list, the patch and the program are there)
// and one that installs a package outside of vendor (as joshbrw/laravel-module-installer does, into Modules). What only the installation
// reads is not in the image from here.
func TestPluginsOfComposer(t *testing.T) {
	t.Parallel()
	dir := tree(t, "docker/testdata/skeleton", "app")
	app := filepath.Join(dir, "app")
	for name, content := range map[string]string{
		"patches.json":                  `{"patches": {"acme/module": {"a mend": "fixes/mend.diff"}}}`,
		"fixes/mend.diff":               "--- a/answer.txt\n+++ b/answer.txt\n@@ -1 +1 @@\n-wrong\n+right\n",
		"packages/module/answer.txt":    "wrong\n",
		"packages/plugin/composer.json": `{"name": "acme/plugin"}`,
		"packages/module/composer.json": `{"name": "acme/module"}`,
		"packages/plugin/Plugin.php": `<?php
namespace Acme;

use Composer\Composer;
use Composer\EventDispatcher\EventSubscriberInterface;
use Composer\IO\IOInterface;
use Composer\Installer\PackageEvent;
use Composer\Plugin\PluginInterface;

class Plugin implements PluginInterface, EventSubscriberInterface
{
    public function activate(Composer $composer, IOInterface $io) {}
    public function deactivate(Composer $composer, IOInterface $io) {}
    public function uninstall(Composer $composer, IOInterface $io) {}
    public static function getSubscribedEvents() { return ['post-package-install' => 'installed']; }

    public function installed(PackageEvent $event): void
    {
        if ($event->getOperation()->getPackage()->getName() !== 'acme/module') {
            return;
        }
        foreach (json_decode(file_get_contents('patches.json'), true)['patches']['acme/module'] as $file) {
            passthru("patch -p1 -d vendor/acme/module <$file", $status);
            $status === 0 || throw new \RuntimeException("$file does not fit");
        }
        mkdir('Modules/Blog', 0755, true);
        copy('vendor/acme/module/answer.txt', 'Modules/Blog/answer.txt');
    }
}
`,
	} {
		write(t, filepath.Join(app, name), content)
	}
	from := func(name string) map[string]any {
		return map[string]any{"type": "path", "url": "packages/" + name, "reference": "1"}
	}
	lock(t, app,
		map[string]any{"require": map[string]any{"acme/plugin": "*", "acme/module": "*"}, "config": map[string]any{"allow-plugins": map[string]any{"acme/plugin": true}}},
		map[string]any{"name": "acme/module", "version": "1.0.0", "dist": from("module")},
		map[string]any{
			"name": "acme/plugin", "version": "1.0.0", "dist": from("plugin"), "type": "composer-plugin", "require": map[string]any{"composer-plugin-api": "^2.0"},
			"extra": map[string]any{"class": `Acme\Plugin`}, "autoload": map[string]any{"classmap": []string{"Plugin.php"}},
		})
	tag, progress, err := stage(t, dir, "composer", "--build-arg", "APP=app")
	if err != nil {
		t.Fatalf("%v\n%s", err, progress)
	}
	if got := in(t, tag, "cat vendor/acme/module/answer.txt Modules/Blog/answer.txt; ls"); got != "right\nright\nModules\ncomposer.json\ncomposer.lock\nvendor" {
		t.Errorf("got %q\n%s", got, progress)
	}
}

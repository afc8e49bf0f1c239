<?php
// Prints a CycloneDX list of everything in the image: sbom.php RELEASE PACKAGE-LOCK. It covers the Debian packages,
// the Composer packages and the npm packages that the assets were built from (as "excluded": only their output is here), or that render pages.

[, $release, $npmLock] = $argv;
$components = [];

/** Adds one component, once. */
$add = function (string $purl, string $name, string $version, array $more = []) use (&$components): void {
    $components[$purl] = ['type' => 'library', 'bom-ref' => $purl, 'name' => $name, 'version' => $version, 'purl' => $purl] + $more;
};

exec("dpkg-query -W -f '\${Package} \${Version} \${Architecture}\n'", $debian);
foreach ($debian as $line) {
    [$name, $version, $arch] = explode(' ', $line);
    $add('pkg:deb/debian/'.rawurlencode($name).'@'.rawurlencode($version)."?arch=$arch&distro=debian-13", $name, $version);
}
foreach (json_decode(file_get_contents('vendor/composer/installed.json'), true)['packages'] as $package) {
    $version = ltrim($package['version'], 'v');
    $add("pkg:composer/$package[name]@".rawurlencode($version), $package['name'], $version,
        empty($package['license']) ? [] : ['licenses' => array_map(fn ($id) => ['license' => ['name' => $id]], $package['license'])]);
    // A package made of Debian's (pool.php) says which.
    foreach ($package['extra']['debian'] ?? [] as $name => $debianVersion) {
        $add('pkg:deb/debian/'.rawurlencode($name).'@'.rawurlencode($debianVersion).'?arch=all&distro=debian-13', $name, $debianVersion);
    }
}
if (is_file($npmLock)) {
    foreach (json_decode(file_get_contents($npmLock), true)['packages'] as $path => $package) {
        if ($path === '' || !isset($package['version'])) {
            continue;
        }
        $name = $package['name'] ?? substr($path, strrpos($path, 'node_modules/') + strlen('node_modules/'));
        $add('pkg:npm/'.str_replace('%2F', '/', rawurlencode($name)).'@'.$package['version'], $name, $package['version'], isset($package['shipped']) ? [] : ['scope' => 'excluded']);
    }
}
ksort($components);
echo json_encode([
    'bomFormat' => 'CycloneDX',
    'specVersion' => '1.5',
    'version' => 1,
    'metadata' => ['component' => ['type' => 'container', 'bom-ref' => 'image', 'name' => 'laravel-application', 'version' => $release]],
    'components' => array_values($components),
], JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES), "\n";

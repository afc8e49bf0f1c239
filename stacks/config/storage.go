package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// livewireUploads is where Livewire keeps uploads until the form is sent. On S3 it deletes none of them, and leaves that to a lifecycle rule
// (https://livewire.laravel.com/docs/uploads, "Configuring automatic file cleanup").
const livewireUploads = "livewire-tmp/"

// FilesDisk is the variable of Laravel's default disk, and localDisks are those whose files are in the container.
const FilesDisk = "FILESYSTEM_DISK"

var localDisks = []string{"local", "public"}

// administrators are policies of AWS with which an application could do nearly everything: IAMFullAccess lets it attach any other one, and
// PowerUserAccess leaves out IAM, Organizations and the account (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/PowerUserAccess.html).
var administrators = regexp.MustCompile(`^arn:aws[a-z-]*:iam::aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$`)

// maxTaskPolicies is the default quota of managed policies per role (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const maxTaskPolicies = 10

var managedPolicyARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/([\w+=,.@-]+/)*[\w+=,.@-]+$`)

func (a Access) validateTaskPolicies(p *problems, key string) {
	p.distinct(key, a.TaskPolicies)
	if len(a.TaskPolicies) > maxTaskPolicies {
		p.add(key, "%d are too many: a role may have %d; put the permissions of several into one policy", len(a.TaskPolicies), maxTaskPolicies)
	}
	names := map[string]string{} // a policy's name is that of its attachment
	for _, arn := range a.TaskPolicies {
		name := path.Base(arn)
		if other, there := names[name]; there && other != arn {
			p.add(key, "two policies are called %s: give the one of your account another name", name)
		}
		names[name] = arn
		p.matches(key, arn, managedPolicyARN, "the ARN of a managed policy, such as arn:aws:iam::aws:policy/AmazonSESFullAccess")
	}
}

// expiringFiles is the beginning of a key, without which all files would expire.
var expiringFiles = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/_.-]{0,199}$`)

func (c *Config) validateStorage(p *problems) {
	s := c.Storage
	p.between("storage.versionDays", s.VersionDays, 0, 3650)
	for _, prefix := range sortedKeys(s.ExpireDays) {
		if !expiringFiles.MatchString(prefix) {
			p.add("storage.expireDays", "%q is not the beginning of a file's path such as exports/", prefix)
		}
		p.between("storage.expireDays."+prefix, s.ExpireDays[prefix], 1, 3650)
	}
	p.between("release.keepAssetsHours", c.Release.KeepAssetsHours, 0, 24*90)
	if c.Release.KeepAssetsHours > 0 && !s.Bucket {
		p.add("release.keepAssetsHours", "%d, but the assets are kept in the bucket for files: set storage.bucket: true, or 0", c.Release.KeepAssetsHours)
	}
	if !s.Bucket {
		return
	}
	for _, variable := range []string{"AWS_BUCKET", "AWS_DEFAULT_REGION"} {
		_, plain := c.Env[variable]
		_, secret := c.Secrets[variable]
		if plain || secret {
			p.add("storage.bucket", "true, and the program sets %s; remove it from env or secrets, or set a name of your own for another bucket", variable)
		}
	}
}

// AssetsOfReleases is where web containers put the assets of their release (docker/lib/s3.php).
const AssetsOfReleases = "release-assets/"

// derived is the default of a number that follows from another key, and defaultAssetHours what it is with a bucket.
const (
	derived           = -1
	defaultAssetHours = 24
)

// deriveAssets: with a bucket, the assets of a release are kept for a day.
func (c *Config) deriveAssets() {
	if c.Release.KeepAssetsHours == derived {
		c.Release.KeepAssetsHours = 0
		if c.Storage.Bucket {
			c.Release.KeepAssetsHours = defaultAssetHours
		}
	}
}

// FileDays are the days of storage.expireDays, and those of the assets. Containers put theirs anew when they are older than 12 hours, and look
// every 6 (docker/lib/assets.php, assets.sh): so old may they be when the last container of a release stops.
func (c *Config) FileDays() map[string]int {
	days := maps.Clone(c.Storage.ExpireDays)
	if hours := c.Release.KeepAssetsHours; hours > 0 {
		if days == nil {
			days = map[string]int{}
		}
		days[AssetsOfReleases] = (hours + 18 + 23) / 24
	}
	return days
}

// FileWarnings tells what will happen to the files that the application writes, where that is not what anybody wants. The deployment prints it;
// `make config-check` and `make doctor` judge the variable by themselves.
func (c *Config) FileWarnings() (lines []string) {
	disk := c.defaultDisk()
	switch {
	case !c.Storage.Bucket && slices.Contains(localDisks, disk):
		lines = append(lines, fmt.Sprintf("storage.bucket: false, and the application's default disk is %q: a file that it stores is in one container, unknown to the others, "+
			"and gone with it; set storage.bucket: true, or %s in env to a disk of yours", disk, FilesDisk))
	case c.Storage.Bucket && disk == S3Disk && !c.StoresInBucket():
		lines = append(lines, fmt.Sprintf("storage.bucket: true, and composer.lock of %s has no %s: every use of the disk s3 fails; composer require %[2]s", c.Image.App, s3Package))
	case c.Storage.Bucket && disk != "" && c.Env[FilesDisk] == "" && !c.StoresInBucket():
		lines = append(lines, fmt.Sprintf("storage.bucket: true, and composer.lock of %s has no %s: the default disk stays %q, and its files do not go to the bucket; "+
			"composer require %[2]s, or set %[4]s: s3 in env if the application has the driver from elsewhere", c.Image.App, s3Package, disk, FilesDisk))
	case c.Storage.Bucket && slices.Contains(localDisks, disk):
		lines = append(lines, fmt.Sprintf("storage.bucket: true, and env or config/filesystems.php has the default disk %q: files do not go to the bucket", disk))
	}
	return lines
}

// FileWarnings are those of the application and the storage that the stack file names.
func (s *File) FileWarnings() []string {
	c := s.imageConfig()
	c.Storage.Bucket = s.Get("storage.bucket") == true
	if node := s.find("env"); node != nil && node.Decode(&c.Env) != nil {
		c.Env = nil // the program refuses it
	}
	return c.FileWarnings()
}

const (
	// S3Disk is Laravel's disk for S3, and the name of its driver.
	S3Disk = "s3"
	// s3Package is what Laravel's driver s3 needs (https://laravel.com/docs/filesystem, "Composer Packages").
	s3Package = "league/flysystem-aws-s3-v3"
)

// defaultOf is the default disk in config/filesystems.php: env() with the variable, or a word. Laravel's own file has the former.
var defaultOf = regexp.MustCompile(`(?m)^\s*'default'\s*=>\s*(?:env\(\s*'([A-Z_]+)'\s*(?:,\s*'([a-z0-9_-]+)'\s*)?\)|'([a-z0-9_-]+)')`)

// defaultDisk is Laravel's default disk in the containers; empty where config/filesystems.php computes it in another way. An application
// without that file has the framework's (config/filesystems.php of laravel/framework): FILESYSTEM_DISK, or local.
func (c *Config) defaultDisk() string {
	variable, otherwise := FilesDisk, "local"
	if text, err := os.ReadFile(filepath.Join(c.Image.App, "config", "filesystems.php")); err == nil {
		match := defaultOf.FindStringSubmatch(string(text))
		switch {
		case match == nil:
			return ""
		case match[3] != "":
			return match[3]
		}
		variable, otherwise = match[1], match[2]
	}
	if given, ok := c.Env[variable]; ok {
		return given
	}
	if _, ok := c.Secrets[variable]; ok {
		return ""
	}
	if variable == FilesDisk && c.StoresInBucket() {
		return S3Disk
	}
	return otherwise
}

// StoresInBucket tells whether the program makes s3 the default disk: it has a bucket, and the application a driver for it. Laravel has
// the package installed by hand (see s3Package), and without it each use of the disk is an error.
func (c *Config) StoresInBucket() bool {
	if !c.Storage.Bucket || c.Image.requires(s3Package) || c.Image.extendsS3() {
		return c.Storage.Bucket
	}
	// Without both files nothing is known of the application: it keeps what it had.
	return !isFile(filepath.Join(c.Image.App, "composer.json")) && !isFile(filepath.Join(c.Image.App, "composer.lock"))
}

// extendsS3 tells whether the application has a driver of its own for such disks (Storage::extend).
func (i Image) extendsS3() bool {
	providers, _ := filepath.Glob(filepath.Join(i.App, "app", "Providers", "*.php"))
	return slices.ContainsFunc(providers, func(file string) bool {
		text, _ := os.ReadFile(file)
		return strings.Contains(string(text), "extend('s3'")
	})
}

// requires tells whether a package is in the application's composer.lock, or, without one, in its composer.json.
func (i Image) requires(name string) bool {
	var lock struct{ Packages []struct{ Name string } }
	if text, err := os.ReadFile(filepath.Join(i.App, "composer.lock")); err == nil && json.Unmarshal(text, &lock) == nil {
		for _, p := range lock.Packages {
			if strings.EqualFold(p.Name, name) {
				return true
			}
		}
		return false
	}
	var file struct{ Require map[string]string }
	text, err := os.ReadFile(filepath.Join(i.App, "composer.json"))
	if err != nil || json.Unmarshal(text, &file) != nil {
		return false
	}
	_, required := file.Require[name]
	return required
}

package config

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// LeftOut names what an application's folder has and its image has not, with what takes its place. Each line is about one kind, and names the
// first files of it.
func (i Image) LeftOut() (lines []string) {
	say := func(names []string, format string) {
		if len(names) > 0 {
			lines = append(lines, fmt.Sprintf("%s: "+format, someOf(names)))
		}
	}
	app := filepath.ToSlash(i.App)
	var dotenv []string
	found, _ := filepath.Glob(filepath.Join(i.App, ".env*"))
	for _, file := range found {
		if name := filepath.Base(file); name == ".env" || strings.HasPrefix(name, ".env.") && !strings.HasSuffix(name, ".example") {
			dotenv = append(dotenv, path.Join(app, name))
		}
	}
	say(dotenv, "not in the image; env and secrets of the stack file take its place")
	say(i.stored(), "not in the image, in which storage/ is empty and in memory; secrets of the stack file replace keys, and S3 replaces uploads")
	if own := path.Join(app, "Dockerfile"); isFile(filepath.FromSlash(own)) && own != filepath.ToSlash(i.Dockerfile) {
		say([]string{own}, "not used; image.dockerfile of the stack file names the one that is")
	}
	say(i.links(), "links are not followed in the image, unless their target is in it; files of storage/app/public are gone with the container, and S3 replaces them")
	if rules := i.rules(); len(rules) > 0 {
		lines = append(lines, fmt.Sprintf("%s: not read, with %q; routes and middleware of the application, or redirects of the load balancer, take its place",
			path.Join(app, "public/.htaccess"), rules))
	}
	return lines
}

// LeftOut is that of the application which the stack file names.
func (s *File) LeftOut() []string { return s.imageConfig().Image.LeftOut() }

// someOf are the first names of a list.
func someOf(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// stored are files in storage/ that Laravel does not make anew: not those of framework/ and logs/.
func (i Image) stored() (names []string) {
	root := filepath.Join(i.App, "storage")
	_ = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, file)
		switch {
		case err != nil:
			return nil // what cannot be read cannot be told
		case entry.IsDir() && slices.Contains([]string{"framework", "logs", "debugbar"}, name):
			return filepath.SkipDir
		case entry.Type().IsRegular() && entry.Name() != ".gitignore":
			names = append(names, filepath.ToSlash(file))
		}
		return nil
	})
	return names
}

// links are the symbolic links in public/, as name -> target.
func (i Image) links() (names []string) {
	root := filepath.Join(i.App, "public")
	_ = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		target, err := os.Readlink(file)
		if err == nil {
			names = append(names, filepath.ToSlash(file)+" -> "+target)
		}
		return nil
	})
	return names
}

// stock are the lines of public/.htaccess in Laravel's own skeletons (https://github.com/laravel/laravel/blob/HEAD/public/.htaccess), which
// docker/conf/apache.conf does the same as.
var stock = strings.Split(`rewriteengine on
options -multiviews -indexes
options -multiviews
rewritecond %{http:authorization} .
rewriterule .* - [e=http_authorization:%{http:authorization}]
rewritecond %{http:x-xsrf-token} .
rewriterule .* - [e=http_x_xsrf_token:%{http:x-xsrf-token}]
rewritecond %{request_filename} !-d
rewritecond %{request_filename} !-f
rewritecond %{request_uri} (.+)/$
rewriterule ^ %1 [l,r=301]
rewriterule ^(.*)/$ /$1 [l,r=301]
rewriterule ^ index.php [l]`, "\n")

// rules are the directives of public/.htaccess that Laravel's own has not.
func (i Image) rules() (rules []string) {
	text, err := os.ReadFile(filepath.Join(i.App, "public", ".htaccess"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || line[0] == '#' || line[0] == '<' || slices.Contains(stock, strings.ToLower(line)) {
			continue
		}
		rules = append(rules, line)
	}
	return rules[:min(len(rules), 5)]
}

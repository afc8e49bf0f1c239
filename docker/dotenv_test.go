package docker_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// readBack prints what phpdotenv makes of a .env file, and what Laravel's env() says of each variable.
const readBack = `require "/var/www/vendor/autoload.php";
$read = Dotenv\Dotenv::parse(file_get_contents("/var/www/.env"));
$app = require "/var/www/bootstrap/app.php";
(new Illuminate\Foundation\Bootstrap\LoadEnvironmentVariables)->bootstrap($app);
echo json_encode(["phpdotenv" => $read, "laravel" => array_combine(array_keys($read), array_map("env", array_keys($read)))], JSON_THROW_ON_ERROR);`

// TestDotenvIsReadBack: what the program renders (stacks/dotenv.go) is what phpdotenv reads and what the application gets.
func TestDotenvIsReadBack(t *testing.T) {
	t.Parallel()
	file, err := filepath.Abs(filepath.Join(root, "stacks", "testdata", "dotenv.env"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "stacks", "testdata", "dotenv.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	out, err := docker("run", "--rm", "--label", label, "--network", "none", "--user", "33:33", "--read-only", "--tmpfs", "/tmp",
		"--volume", file+":/var/www/.env:ro", "--entrypoint", "php", image, "-d", "display_errors=stderr", "-r", readBack)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Phpdotenv, Laravel map[string]any }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(got.Phpdotenv) != len(want)+1 { // APP_URL, the one that is no secret
		t.Errorf("phpdotenv reads %d variables, %d expected", len(got.Phpdotenv), len(want)+1)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got.Phpdotenv[name] != want[name] {
			t.Errorf("phpdotenv reads %s as %q, not %q", name, got.Phpdotenv[name], want[name])
		}
		// env() turns true, (null) and values in quotes into something else, wherever they come from: .env or ECS.
		if !strings.HasPrefix(name, "RAW_") && got.Laravel[name] != want[name] {
			t.Errorf("Laravel reads %s as %q, not %q", name, got.Laravel[name], want[name])
		}
	}
}

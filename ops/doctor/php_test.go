package doctor

import (
	"fmt"
	"strings"
	"testing"
)

func TestReads(t *testing.T) {
	for name, test := range map[string]struct{ php, want string }{
		"a default":          {`'a' => env('A', 'x'),`, "A 'x'=x"},
		"none":               {`'a' => env('A'),`, "A"},
		"null":               {`env('A', null); env('B', NULL)`, "A, B"},
		"empty":              {`env('A', '')`, "A ''="},
		"true and numbers":   {`env("A", true), env('B', 120), env('C', -1)`, "A true=true, B 120=120, C -1"},
		"an expression":      {`env('A', Str::slug(env('B', 'laravel'), '_').'_cache')`, "A Str::slug(env('B', 'laravel'), '_').'_cache', B 'laravel'=laravel"},
		"nested":             {`env('A', env('B', 'x'))`, "A env('B', 'x') or B, B 'x'=x"},
		"nested without one": {`env('A', env('B'))`, "A env('B') or B, B"},
		"several lines":      {"env(\n  'A', // the name, (not ')'\n  /* , */ 'x',\n)", "A 'x'=x"},
		"comments":           {"// env('A')\n# env('B')\n/* env('C') */ env('D') // env('E')", "D"},
		"an attribute":       {"#[Config(env('A'))]\nclass X {}", "A"},
		"strings":            {`'env("A")' . "env('B')" . 'it\'s env("C")' . env('D')`, "D"},
		"interpolated":       {`"{$x["env('A')"]} env('B')" . env('C'); env("D$x"); env("E", "a $b")`, `C, E "a $b"`},
		"a heredoc":          {"<<<EOT\n env('A') it's\n  EOT . env('B') . <<<'X'\nenv('C')\nX;\n1 <<< 2; env('D')", "B, D"},
		"other functions":    {`$app->env('A'); Foo::env('B'); function env('C') {} my_env('D'); envy('E'); $env('F'); env($name)`, ""},
		"by its full name":   {`\env('A', 1); \Illuminate\Support\Env::get('B', 'x'); Env::getOrFail('C'); ENV('D')`, "A 1=1, B 'x'=x, C, D"},
		"an import":          {"use Illuminate\\Support\\Env;\nenv('A')", "A"},
		"PHP's own":          {`getenv('A') ?: 'x'; $_ENV['B'] ?? null; $_SERVER['C'] ?? 'y'; getenv()`, "A 'x'=x, B, C 'y'=y"},
		"behind":             {`[env('A') ?: 'x', env('B') ?? (env('C') ? 1 : 2), env('D')]`, "A 'x'=x, B (env('C') ? 1 : 2), C, D"},
		"named arguments":    {`env(key: 'A', default: 'x'); env('B', default: null)`, "A 'x'=x, B"},
		"an array":           {`explode(',', env('A', implode(',', ['a', 'b']))), env('B', [])`, "A implode(',', ['a', 'b']), B []"},
		"casts and tests":    {`(bool) env('A', false), env('B', 'https') === 'https'`, "A false=false, B 'https'=https"},
		"a closure":          {`env('A', fn () => 'x'), fn () => env('B')`, "A fn () => 'x', B"},
		"outside of PHP":     {`?> env('A') <?= env('B') ?> it's env('C') <?php // a ?> env('D')`, "B"},
		"never closed":       {`env('A', 'x`, ""},
		"PHP 8.4":            {"final readonly class A { public string $b { get => env('A'); } const string B = 'x'; }", "A"},
	} {
		var got []string
		for _, read := range Reads("config/x.php", "<?php\n"+test.php) {
			said := strings.TrimSpace(read.Name + " " + read.Default)
			if read.Fallback != "" {
				said += " or " + read.Fallback
			}
			if read.Literal {
				said += "=" + read.Value
			}
			got = append(got, said)
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %q, not %q", name, strings.Join(got, ", "), test.want)
		}
	}
	reads := Reads("config/x.php", "<?php\nreturn [\n  'a' => env(\n'A'), 'b' => env('B')];")
	if got := fmt.Sprintf("%s:%d %s:%d", reads[0].File, reads[0].Line, reads[1].File, reads[1].Line); got != "config/x.php:3 config/x.php:4" {
		t.Error(got)
	}
}

// FuzzReads: no text makes it panic or run for ever.
func FuzzReads(f *testing.F) {
	for _, seed := range []string{"<?php env('A', \"{$", "<?php <<<", "<?php #[env('", "<?", "<?php '\\", "<?php env(key:", "<?php env('A')?", "<?php /*", "<?php <<<A\nA", "<?php `"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		for _, read := range Reads("x.php", source) {
			if read.Line < 1 || read.Line > 1+strings.Count(source, "\n") {
				t.Errorf("line %d of %q", read.Line, source)
			}
		}
	})
}

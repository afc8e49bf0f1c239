package doctor

import (
	"strings"
)

// Read is one place in PHP where an environment variable is read.
type Read struct {
	Name     string
	Default  string // the text of the default in PHP; empty where there is none, or null
	Value    string // of a default that is one literal
	Literal  bool
	File     string
	Line     int
	Fallback string // of env('A', env('B')): B
}

// kind of a token. What is neither a name nor a string is one byte of punctuation, or part of a number.
type kind byte

const (
	other kind = iota
	word
	text // a string without variables in it
)

type token struct {
	kind       kind
	value      string
	start, end int
}

// tokens splits PHP as its own lexer does, as far as calls and literals need it: https://www.php.net/manual/en/tokens.php. The parsers in Go
// read PHP up to 8.0 or 8.2; a file that they refuse would hide every variable in it.
func tokens(source string) (list []token) {
	php := false
	for i := 0; i < len(source); {
		rest := source[i:]
		if !php { // text outside of <?php ... ?>
			open := strings.Index(rest, "<?")
			if open < 0 {
				return list
			}
			i, php = i+open+2, true
			continue
		}
		c := source[i]
		size := 1
		switch {
		case strings.HasPrefix(rest, "?>"):
			php, size = false, 2
		case strings.HasPrefix(rest, "/*"):
			size = upTo(rest, "*/", 2)
		case strings.HasPrefix(rest, "//"), c == '#' && !strings.HasPrefix(rest, "#["):
			size = min(upTo(rest, "\n", 1), strings.Index(rest+"?>", "?>")) // a comment of one line ends before ?>
		case strings.HasPrefix(rest, "<<<"):
			size = heredoc(rest)
		case c == '\'' || c == '"' || c == '`':
			size = quoted(rest)
			value, plain := unquote(rest[:size])
			if plain {
				list = append(list, token{text, value, i, i + size})
			} else {
				list = append(list, token{other, "$", i, i + size})
			}
		case wordByte(c) || c == '\\' || c == '$':
			for size < len(rest) && (wordByte(rest[size]) || rest[size] == '\\') {
				size++
			}
			list = append(list, token{word, rest[:size], i, i + size})
		case c > ' ':
			list = append(list, token{other, string(c), i, i + 1})
		}
		i += size
	}
	return list
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// upTo is the length of text up to and with an end, which is looked for behind its beginning.
func upTo(text, end string, from int) int {
	if found := strings.Index(text[from:], end); found >= 0 {
		return from + found + len(end)
	}
	return len(text)
}

// quoted is the length of a string with its quotes. In double quotes, {$a["b"]} may have quotes of its own.
func quoted(text string) int {
	depth := 0
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case text[0] != '\'' && strings.HasPrefix(text[i:], "{$"):
			depth++
		case depth > 0 && c == '}':
			depth--
		case depth > 0 && (c == '\'' || c == '"'):
			i += quoted(text[i:]) - 1
		case depth == 0 && c == text[0]:
			return i + 1
		}
	}
	return len(text)
}

// heredoc is the length of <<<NAME up to the line with NAME, or of the operator where it is none.
func heredoc(text string) int {
	first, _, _ := strings.Cut(text, "\n")
	name := strings.Trim(strings.TrimSpace(first[3:]), `'"`)
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < 0x80 && !wordByte(byte(r)) }) {
		return 3
	}
	at := len(first)
	for line := range strings.Lines(text[len(first):]) {
		trimmed := strings.TrimLeft(line, " \t")
		if after, ends := strings.CutPrefix(trimmed, name); ends && (after == "" || !wordByte(after[0])) {
			return at + len(line) - len(after)
		}
		at += len(line)
	}
	return len(text)
}

// unquote is the value of a string, if it has no variables.
func unquote(quoted string) (value string, plain bool) {
	body := strings.TrimSuffix(quoted[1:], quoted[:1])
	if quoted[0] == '\'' {
		return strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(body), true
	}
	if quoted[0] == '`' || strings.Contains(strings.ReplaceAll(body, `\$`, ""), "$") {
		return "", false
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, `\n`, "\n").Replace(body), true
}

// Reads finds where PHP reads environment variables by a literal name: env(), Env::get(), getenv(), $_ENV and $_SERVER. A default is the
// second argument, or what stands behind ?? or ?:.
func Reads(file, source string) (reads []Read) {
	list := tokens(source)
	for i := range list {
		name, first, ok := call(list, i)
		if !ok {
			continue
		}
		args, after := arguments(list, first)
		if len(args) == 0 || len(args[0]) != 1 || args[0][0].kind != text {
			continue
		}
		read := Read{Name: args[0][0].value, File: file, Line: 1 + strings.Count(source[:list[i].start], "\n")}
		switch {
		case name == "env" && len(args) > 1:
			read.setDefault(source, args[1])
		case after+1 < len(list) && list[after].value == "?" && (list[after+1].value == "?" || list[after+1].value == ":"):
			read.setDefault(source, expression(list[after+2:]))
		}
		reads = append(reads, read)
	}
	return reads
}

// call tells whether the variable's name follows the token i, and where.
func call(list []token, i int) (name string, first int, ok bool) {
	at := func(n int) string {
		if n < 0 || n >= len(list) || list[n].kind == text {
			return ""
		}
		return list[n].value
	}
	if list[i].kind != word {
		return "", 0, false
	}
	name = strings.ToLower(strings.TrimPrefix(list[i].value, `\`))
	method := at(i-1) == ">" && at(i-2) == "-" || at(i-1) == ":" && at(i-2) == ":" || at(i-1) == "function" || at(i-1) == "new"
	switch {
	case (name == "env" || name == "getenv" || name == `illuminate\support\env`) && at(i+1) == "(" && !method:
		return name, i + 2, true
	case (name == "env" || strings.HasSuffix(name, `\env`)) && at(i+1) == ":" && at(i+2) == ":" && strings.HasPrefix(at(i+3), "get") && at(i+4) == "(":
		return "env", i + 5, true
	case (name == "$_env" || name == "$_server") && at(i+1) == "[":
		return name, i + 2, true
	}
	return "", 0, false
}

// arguments splits what stands in brackets at its commas, without the names of named arguments. After is behind the closing bracket.
func arguments(list []token, first int) (args [][]token, after int) {
	depth, start := 0, first
	add := func(end int) {
		arg := list[start:end]
		if len(arg) > 2 && arg[0].kind == word && arg[1].value == ":" && arg[2].value != ":" {
			arg = arg[2:]
		}
		if len(arg) > 0 {
			args = append(args, arg)
		}
		start = end + 1
	}
	for i := first; i < len(list); i++ {
		if list[i].kind == text {
			continue
		}
		switch list[i].value {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth < 0 {
				add(i)
				return args, i + 1
			}
		case ",":
			if depth == 0 {
				add(i)
			}
		}
	}
	return nil, len(list)
}

// expression is what stands before the end of an expression.
func expression(list []token) []token {
	depth := 0
	for i, t := range list {
		if t.kind == text {
			continue
		}
		switch t.value {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		if depth < 0 || depth == 0 && (t.value == "," || t.value == ";") {
			return list[:i]
		}
	}
	return list
}

func (r *Read) setDefault(source string, value []token) {
	if len(value) == 0 || len(value) == 1 && strings.EqualFold(value[0].value, "null") && value[0].kind == word {
		return
	}
	r.Default = strings.Join(strings.Fields(source[value[0].start:value[len(value)-1].end]), " ")
	if name, first, ok := call(value, 0); ok && name == "env" && first < len(value) && value[first].kind == text {
		r.Fallback = value[first].value
	}
	if r.Literal = len(value) == 1 && value[0].value != "$"; r.Literal {
		r.Value = value[0].value
	}
}

# Reads layers.txt, then C files; prints one line per broken rule. See deps.sh.

FILENAME == laws {
	if ($1 == "rank") for (i = 3; i <= NF; i++) rank[$i] = $2
	if ($1 == "owner") for (i = 3; i <= NF; i++) owner[$i] = $2
	if ($1 == "everywhere") for (i = 2; i <= NF; i++) everywhere[$i] = 1
	if ($1 == "allow") for (i = 3; i <= NF; i++) allowed[$2, $i] = 1
	next
}

FNR == 1 {
	split(FILENAME, part, "/")
	module = part[1] == "cmd" ? "cmd" : part[2]
	is_source = FILENAME ~ /\.c$/
	seen_include = in_comment = 0
	start = 0
	if (!(module in rank)) bad("module '" module "' has no rank in layers.txt")
}

function bad(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }

# The code of a line: without comments, texts emptied.
function code_of(line,    out, two, char) {
	out = ""
	while (line != "") {
		two = substr(line, 1, 2)
		if (in_comment) {
			if (two == "*/") { in_comment = 0; line = substr(line, 3) } else line = substr(line, 2)
			continue
		}
		if (two == "/*") { in_comment = 1; line = substr(line, 3); continue }
		if (two == "//") break
		char = substr(line, 1, 1)
		if (char == "\"" && match(line, /^"([^"\\]|\\.)*"/)) {
			out = out "\"\""; line = substr(line, RLENGTH + 1); continue
		}
		if (char == "'" && match(line, /^'([^'\\]|\\.)*'/)) {
			out = out "' '"; line = substr(line, RLENGTH + 1); continue
		}
		out = out char
		line = substr(line, 2)
	}
	return out
}

# 1. Who may include what.
/^[ \t]*#[ \t]*include/ && !in_comment {
	header = $0
	sub(/^[^<"]*[<"]/, "", header)
	sub(/[>"].*/, "", header)
	if (is_source && !seen_include && header != "base/base.h" && module != "base")
		bad("the first include must be \"base/base.h\", not " header)
	seen_include = 1
	folder = header
	if (!sub(/\/.*/, "", folder)) folder = ""
	if ($0 ~ /"/ && folder != "") {
		if (!(folder in rank)) bad(header ": unknown module '" folder "'")
		else if (folder != module && rank[folder] >= rank[module])
			bad("'" module "' (rank " rank[module] ") may not include " header " (rank " rank[folder] ")")
	} else if ($0 ~ /</) {
		who = (header in owner) ? owner[header] : owner[folder "/"]
		if (who != "" && who != module) bad("<" header "> belongs to '" who "'")
		else if (who == "" && !(header in everywhere) && module != "pal")
			bad("<" header "> is the system's: only 'pal' may include it")
	}
}

{
	code = code_of($0)

	# 2. Platforms and threads.
	if (module != "pal" && code ~ /^[ \t]*#[ \t]*(el)?if/ &&
	    code ~ /_WIN32|__linux__|__APPLE__|__unix__|__MINGW|_MSC_VER|__FreeBSD__/)
		bad("platform condition outside pkg/pal: use a file with a platform suffix")
	if (module != "pal" && code ~ /(^|[^A-Za-z0-9_])(pthread_[a-z_]+|thrd_create|mtx_lock)[ \t]*\(/)
		bad("threads live in pkg/pal only")

	# 3. Words nobody, or only their owner, may use.
	rest = code
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
		word = substr(rest, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", word)
		rest = substr(rest, RSTART + RLENGTH)
		if (before ~ /[A-Za-z0-9_.>]/) continue
		if (index(banned, " " word " ") && !((module, word) in allowed))
			bad(word "() is banned here")
	}

	# 4. Length of functions and files.
	if (is_source && $0 ~ /^\{/) start = FNR
	if (is_source && $0 ~ /^\}/ && start) {
		if (FNR - start > 100) bad("function of " FNR - start " lines: split it")
		start = 0
	}
	if (FNR == 801) bad("file longer than 800 lines: split it")
	if (length($0) > 140) bad("line longer than 140 characters")

	# 5. One file per subcommand; hidden helpers ("__gen") and groups without `run` do not count.
	if (module == "cmd" && is_source) {
		if (code ~ /^(static )?const struct cli_cmd [a-z_]+[ \t]*=/) { in_command = FNR; runs = hidden = 0 }
		if (in_command && $0 ~ /^[ \t]*\.name = "__/) hidden = 1
		if (in_command && code ~ /^[ \t]*\.run = /) runs = 1
		if (in_command && code ~ /^\};/) {
			if (runs && !hidden && commands[FILENAME]++) bad("a second command in this file")
			in_command = 0
		}
	}
}

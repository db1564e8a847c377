/*
 * How YAML is written: the rules of yamllint, with its positions, options and configuration files,
 * and a few of our own. Without a configuration of yamllint the ones about mistakes run; with one,
 * that one decides.
 */
#include "base/base.h"

#include "lint/family_yaml.h"
#include "lint/lint_families.h"

#include "base/glob.h"
#include "base/path.h"
#include "pal/fs.h"
#include "pal/pool.h"

#define UPWARDS_MAX 100u

/* clang-format off */
const struct lint_rule yaml_rules[YR_N] = {
	[YR_ANCHORS] = { "anchors", LINT_ERROR, 0,
	  "an alias without an anchor, an anchor twice or for nothing",
	  "Readers refuse an alias whose anchor does not stand above it; an anchor that is set again "
	  "silently means something else from there on.",
	  "a: *base\n", "base: &base 1\na: *base\n", "yamllint:anchors" },
	[YR_BRACES] = { "braces", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "spaces inside braces, or braces at all",
	  "One way to write maps in one line is easier to read than several.",
	  "a: { b: 1 }\n", "a: {b: 1}\n", "yamllint:braces" },
	[YR_BRACKETS] = { "brackets", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "spaces inside brackets, or brackets at all",
	  "One way to write lists in one line is easier to read than several.",
	  "a: [ 1, 2 ]\n", "a: [1, 2]\n", "yamllint:brackets" },
	[YR_COLONS] = { "colons", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "spaces around colons", "Keys and values are found faster where they always are.",
	  "a :  1\n", "a: 1\n", "yamllint:colons" },
	[YR_COMMAS] = { "commas", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "spaces around commas", "Lists in one line read like a sentence when commas do.",
	  "a: [1 ,2]\n", "a: [1, 2]\n", "yamllint:commas" },
	[YR_COMMENTS] = { "comments", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "how comments begin", "A space behind the '#' and two in front of it set comments apart.",
	  "a: 1 #one\n", "a: 1  # one\n", "yamllint:comments" },
	[YR_COMMENTS_INDENTATION] = { "comments-indentation", LINT_WARNING,
	  LINT_STYLE | LINT_FIXABLE,
	  "a comment indented unlike what it is about",
	  "Nobody knows what a comment belongs to when it hangs between two levels.",
	  "a:\n    # about b\n  b: 1\n", "a:\n  # about b\n  b: 1\n",
	  "yamllint:comments-indentation" },
	[YR_DOCUMENT_END] = { "document-end", LINT_WARNING, LINT_OFF | LINT_FIXABLE,
	  "the document end marker '...'", "Streams are cut into documents where the marker is.",
	  "a: 1\n", "a: 1\n...\n", "yamllint:document-end" },
	[YR_DOCUMENT_START] = { "document-start", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "the document start marker '---'",
	  "Files that begin with it can be joined without a thought.",
	  "a: 1\n", "---\na: 1\n", "yamllint:document-start" },
	[YR_EMPTY_LINES] = { "empty-lines", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "too many blank lines", "Blank lines part paragraphs; many of them part nothing more.",
	  "a: 1\n\n\n\nb: 2\n", "a: 1\n\nb: 2\n", "yamllint:empty-lines" },
	[YR_EMPTY_VALUES] = { "empty-values", LINT_WARNING, LINT_OFF,
	  "a key or an item without a value",
	  "It is null, which is seldom what was meant; write null or {} or \"\".",
	  "a:\nb: 2\n", "a: null\nb: 2\n", "yamllint:empty-values" },
	[YR_FLOAT_VALUES] = { "float-values", LINT_WARNING, LINT_OFF,
	  "numbers that readers understand in different ways",
	  "1e3 and .5 are numbers for some readers and texts for others. Which forms are forbidden "
	  "is an option: all are allowed at first.",
	  "a: .5\n", "a: 0.5\n", "yamllint:float-values" },
	[YR_HYPHENS] = { "hyphens", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "spaces behind hyphens", "Items of a list stand below each other.",
	  "-   a\n", "- a\n", "yamllint:hyphens" },
	[YR_INDENTATION] = { "indentation", LINT_WARNING, LINT_STYLE,
	  "indentation that is not the same everywhere",
	  "The indentation is the structure: where it changes its measure, mistakes hide.",
	  "a:\n  b:\n     c: 1\n", "a:\n  b:\n    c: 1\n", "yamllint:indentation" },
	[YR_KEY_DUPLICATES] = { "key-duplicates", LINT_ERROR, 0,
	  "a key twice in one map",
	  "One of the two values is lost, and which one depends on the reader; kubectl refuses the "
	  "file.",
	  "a: 1\na: 2\n", "a: 1\nb: 2\n", "yamllint:key-duplicates" },
	[YR_KEY_ORDERING] = { "key-ordering", LINT_WARNING, LINT_OFF,
	  "keys that are not in alphabetical order",
	  "Sorted keys are found at once, and changes to them do not collide.",
	  "b: 1\na: 2\n", "a: 2\nb: 1\n", "yamllint:key-ordering" },
	[YR_LINE_LENGTH] = { "line-length", LINT_WARNING, LINT_STYLE,
	  "a line that is too long", "Long lines are cut off in reviews and side by side.",
	  "a: this is a line that says the same again and again, and again, until it is too long\n",
	  "a: >-\n  this is a line\n", "yamllint:line-length" },
	[YR_NEW_LINE_AT_END] = { "new-line-at-end-of-file", LINT_INFO, LINT_FIXABLE,
	  "the last line has no line end",
	  "A file put behind this one would go on in its last line; diffs show a change that is none.",
	  "a: 1", "a: 1\n", "yamllint:new-line-at-end-of-file" },
	[YR_NEW_LINES] = { "new-lines", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "lines that end in another way than asked for",
	  "Mixed line ends make whole files differ.",
	  "a: 1\r\n", "a: 1\n", "yamllint:new-lines" },
	[YR_OCTAL_VALUES] = { "octal-values", LINT_WARNING, LINT_OFF,
	  "numbers that begin with 0",
	  "010 is 8 for YAML 1.1 and 10 for YAML 1.2; 0o10 is a text for the one and 8 for the other.",
	  "a: 010\n", "a: 10\n", "yamllint:octal-values" },
	[YR_QUOTED_STRINGS] = { "quoted-strings", LINT_WARNING, LINT_OFF | LINT_FIXABLE,
	  "texts with, without or in other quotes than asked for",
	  "Quotes everywhere, or only where they are needed, keep texts from becoming something else.",
	  "a: b\n", "a: \"b\"\n", "yamllint:quoted-strings" },
	[YR_TRAILING_SPACES] = { "trailing-spaces", LINT_INFO, LINT_FIXABLE,
	  "spaces at the end of a line", "They cannot be seen, and make lines differ.",
	  "a: 1 \n", "a: 1\n", "yamllint:trailing-spaces" },
	[YR_TRUTHY] = { "truthy", LINT_WARNING, LINT_STYLE | LINT_FIXABLE,
	  "yes, no, on, off and the like",
	  "They are booleans for YAML 1.1 and texts for YAML 1.2; a country code NO becomes false.",
	  "a: yes\n", "a: true\n", "yamllint:truthy" },
	[YR_BYTE_ORDER_MARK] = { "byte-order-mark", LINT_WARNING, LINT_FIXABLE,
	  "an invisible mark in front of the first key",
	  "Some readers make it a part of the first key, which then does not exist.",
	  "\xef\xbb\xbf" "a: 1\n", "a: 1\n", NULL },
	[YR_CONFIG] = { "yamllint-config", LINT_ERROR, 0,
	  "the configuration of yamllint cannot be read",
	  "What it asks for is not checked then.",
	  "rules:\n  braces: on\n", "rules:\n  braces: enable\n", NULL },
	[YR_FILE_MODE] = { "file-mode", LINT_WARNING, 0,
	  "a file mode that looks octal but is read as a decimal number",
	  "644 is the mode 1204; the mode of a file is written 0644.",
	  "defaultMode: 644\n", "defaultMode: 0644\n", NULL },
	[YR_INVISIBLE] = { "invisible-characters", LINT_WARNING, 0,
	  "characters nobody sees",
	  "Characters without width make two texts differ that look alike; those that turn the "
	  "direction of writing can show something else than what is read (CVE-2021-42574).",
	  "a: \"b\xe2\x80\x8b\"\n", "a: \"b\"\n", NULL },
	[YR_MERGE_KEYS] = { "merge-keys", LINT_ERROR, 0,
	  "a '<<' that does not bring what it says",
	  "It needs a map, or a list of maps; and where a key is set above it, readers disagree "
	  "about which of the two values counts.",
	  "a: 1\n<<: 2\n", "base: &base {a: 1}\nb:\n  <<: *base\n", NULL },
	[YR_TABS] = { "tabs", LINT_WARNING, LINT_FIXABLE,
	  "a tab in front of a value",
	  "Some readers take it for a space, others refuse the file.",
	  "a:\t1\n", "a: 1\n", NULL },
};
/* clang-format on */

/* --- which configuration counts for a file --- */

struct yaml_state {
	struct mutex *mutex;
	struct map styles; /* folder → struct yaml_style, or `builtin` */
	VEC(struct yaml_style *) loaded;
	struct yaml_style builtin;
};

static err *begin(struct lint_run *run, void **ret_state)
{
	(void)run;
	struct yaml_state *state = MEM_NEW(struct yaml_state);
	state->mutex = mutex_new();
	yaml_style_init(&state->builtin);
	state->builtin.options[YO_ANCHORS_DUPLICATED] = 1;
	state->builtin.options[YO_ANCHORS_UNUSED] = 1;
	state->builtin.options[YO_FLOAT_NUMERAL] = 1;
	*ret_state = state;
	return NULL;
}

static void end(void *ctx)
{
	struct yaml_state *state = ctx;
	if (!state)
		return;
	for (size_t i = 0; i < state->loaded.len; i++) {
		yaml_style_clear(state->loaded.ptr[i]);
		mem_free(state->loaded.ptr[i]);
	}
	vec_clear(&state->loaded);
	map_clear(&state->styles);
	yaml_style_clear(&state->builtin);
	mutex_free(state->mutex);
	mem_free(state);
}

static char *config_in(const char *folder)
{
	static const char *const names[] = { ".yamllint", ".yamllint.yaml", ".yamllint.yml" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTOFREE char *path = str_format("%s%s", folder, names[i]);
		if (fs_exists(path))
			return steal(&path);
	}
	return NULL;
}

/* Way from the folder of the configuration to the working directory, when it is above that. */
static char *prefix_of(const char *folder)
{
	AUTO(str) here = STR_INIT;
	AUTO(str) there = STR_INIT;
	err *e = err_join(fs_absolute(".", &here), fs_absolute(*folder ? folder : ".", &there));
	bool is_known = !e;
	err_ignore(e, "patterns count from the working directory then");
	size_t len = there.len;
	bool is_above = is_known && len > 0 && strncmp(here.ptr, there.ptr, len) == 0 &&
	                (here.ptr[len] == '/' || !here.ptr[len] || there.ptr[len - 1] == '/');
	const char *rest = is_above ? here.ptr + len : "";
	return mem_strdup(rest + (*rest == '/'));
}

static const struct yaml_style *load(struct yaml_state *state, const char *path, const char *folder)
{
	for (size_t i = 0; i < state->loaded.len; i++)
		if (str_equal(state->loaded.ptr[i]->folder, folder))
			return state->loaded.ptr[i];
	struct yaml_style *style = MEM_NEW(struct yaml_style);
	err *failure = yaml_style_load(path, style);
	style->failure = failure;
	style->folder = mem_strdup(folder);
	style->prefix = prefix_of(folder);
	style->first_user = UINT32_MAX;
	vec_push(&state->loaded, style);
	return style;
}

/* The folder above, with '/' at its end or "" for the working directory; false at the top. */
static bool go_up(struct str *folder)
{
	AUTO(str) absolute = STR_INIT;
	err *e = fs_absolute(folder->len ? folder->ptr : ".", &absolute);
	bool is_top = e || absolute.len <= 3;
	err_ignore(e, "no way up");
	AUTOFREE char *git = str_format("%s.git", folder->len ? folder->ptr : "");
	if (is_top || fs_exists(git))
		return false;
	bool is_relative_top = folder->len == 0 || str_ends(folder->ptr, "../");
	if (is_relative_top) {
		str_addz(folder, "../");
		return true;
	}
	AUTO(str) above = STR_INIT;
	size_t len = folder->len - 1;
	while (len > 0 && folder->ptr[len - 1] != '/')
		len--;
	str_add(&above, folder->ptr, len);
	str_reset(folder);
	str_add_str(folder, &above);
	return true;
}

/* Of the folder, or of the nearest above it; what was found is kept for the folders below. */
static const struct yaml_style *find_style(struct yaml_state *state, const char *folder,
                                           unsigned depth)
{
	const struct yaml_style *style = map_get(&state->styles, folder);
	if (style)
		return style;
	AUTO(str) above = STR_INIT;
	str_addz(&above, folder);
	AUTOFREE char *path = config_in(folder);
	if (path)
		style = load(state, path, folder);
	else if (depth + 1 < UPWARDS_MAX && go_up(&above))
		style = find_style(state, above.len ? above.ptr : "", depth + 1);
	else
		style = &state->builtin;
	map_set(&state->styles, folder, (void *)(uintptr_t)style);
	return style;
}

static const struct yaml_style *style_of(struct yaml_state *state, const struct lint_file *file)
{
	const char *slash = strrchr(file->path, '/');
	AUTOFREE char *folder =
		mem_strndup(file->path, slash ? (size_t)(slash - file->path) + 1 : 0);
	AUTO(mutex_hold) hold = mutex_hold(state->mutex);
	const struct yaml_style *style = find_style(state, folder, 0);
	if (style->path || style->failure) {
		struct yaml_style *used = (struct yaml_style *)(uintptr_t)style;
		used->first_user = MIN(used->first_user, file->index);
	}
	return style->failure ? &state->builtin : style;
}

static void finish(struct lint_run *run, void *ctx)
{
	struct yaml_state *state = ctx;
	for (size_t i = 0; i < state->loaded.len; i++) {
		const struct yaml_style *style = state->loaded.ptr[i];
		if (!style->failure || style->first_user == UINT32_MAX)
			continue;
		const struct err_place *place = err_place(style->failure);
		const struct lint_hit hit = { .rule = &yaml_rules[YR_CONFIG] };
		lint_report_late(run, style->first_user, &hit, "%s:%zu: %s",
		                 place && place->file ? place->file : "the configuration",
		                 place ? place->line : 0, err_message(style->failure));
	}
}

/* --- which rules run --- */

static bool names_or_above(const struct strs *patterns, const char *path)
{
	if (patterns->len == 0)
		return false;
	if (glob_verdict(patterns, path, false) == GLOB_IGNORED)
		return true;
	AUTOFREE char *full = mem_strdup(path);
	for (char *slash = strrchr(full, '/'); slash && slash > full; slash = strrchr(full, '/')) {
		*slash = '\0';
		if (glob_verdict(patterns, full, true) == GLOB_IGNORED)
			return true;
	}
	return false;
}

/* The path as the configuration sees it. */
static char *path_for(const struct yaml_style *style, const char *path)
{
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	if (*style->prefix)
		return path_join(style->prefix, path);
	size_t len = strlen(style->folder);
	return mem_strdup(strncmp(path, style->folder, len) == 0 ? path + len : path);
}

static uint32_t rules_of_config(const struct yaml_check *c)
{
	const struct yaml_style *style = c->style;
	AUTOFREE char *path = path_for(style, c->file->path);
	if (names_or_above(&style->ignored_files, path) ||
	    glob_verdict(&style->yaml_files, path_base(path), false) != GLOB_IGNORED)
		return 0;
	uint32_t on = style->enabled;
	for (unsigned i = 0; i < YR_N_STYLE; i++)
		if ((on & YR_BIT(i)) && names_or_above(&style->ignored[i], path))
			on &= ~YR_BIT(i);
	return on;
}

/* What was said by name stands above the configuration of yamllint, the profile below it. */
static void choose_rules(struct yaml_check *c)
{
	struct lint_file *file = c->file;
	uint32_t configured = c->style->path ? rules_of_config(c) : 0;
	for (unsigned i = 0; i < YR_N_STYLE && c->style->path; i++) {
		enum lint_choice choice = lint_choice_of(file, &yaml_rules[i]);
		bool is_on = choice == LINT_CHOSEN ||
		             (choice == LINT_BY_PROFILE && (configured & YR_BIT(i)));
		lint_set_rule(file, &yaml_rules[i], is_on, c->style->level[i]);
	}
	for (unsigned i = 0; i < YR_N; i++)
		if (lint_is_on(file, &yaml_rules[i]))
			c->on |= YR_BIT(i);
}

/* Leave out what the text gives no reason for, so that most files need no tokens. */
static void drop_needless(struct yaml_check *c)
{
	const char *text = c->file->text;
	size_t len = c->file->len;
	if (!memchr(text, '&', len) && !memchr(text, '*', len))
		c->on &= ~YR_BIT(YR_ANCHORS);
	if (!memchr(text, '\t', len))
		c->on &= ~YR_BIT(YR_TABS);
	/* Of keys that come twice, only `<<` is nothing the reader of the documents tells. */
	if (c->file->n_load_errors == 0 && !str_find(text, len, "<<", 2))
		c->on &= ~YR_BIT(YR_KEY_DUPLICATES);
}

/* --- our own rules --- */

static void check_byte_order_mark(struct yaml_check *c)
{
	if (c->file->len >= 3 && memcmp(c->file->text, "\xef\xbb\xbf", 3) == 0)
		lint_report_hit(c->file,
		                &(const struct lint_hit){
					.rule = &yaml_rules[YR_BYTE_ORDER_MARK],
					.end = 3,
					.fix = yaml_fix(c, 0, 3, view_of(""), "remove it") },
		                "the file begins with a byte order mark");
}

/* Zero-width characters, and those that turn the direction; three bytes each, or two. */
static const char *invisible_name(const unsigned char *at, size_t left, bool *ret_turns)
{
	*ret_turns = false;
	if (left >= 2 && at[0] == 0xc2 && at[1] == 0xad)
		return "a soft hyphen (U+00AD)";
	if (left < 3 || at[0] != 0xe2)
		return NULL;
	if (at[1] == 0x80 && at[2] >= 0x8b && at[2] <= 0x8f)
		return "a character without width (U+200B to U+200F)";
	*ret_turns = (at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
	             (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
	if (*ret_turns)
		return "a character that turns the direction of writing";
	return at[1] == 0x81 && at[2] == 0xa0 ? "a word joiner (U+2060)" : NULL;
}

/* Emoji are joined by U+200D, which is what they need. */
static bool joins_emoji(const unsigned char *text, size_t at, size_t len)
{
	return text[at] == 0xe2 && text[at + 1] == 0x80 && text[at + 2] == 0x8d && at >= 3 &&
	       text[at - 1] >= 0x80 && at + 3 < len && text[at + 3] >= 0x80;
}

static void check_invisible(struct yaml_check *c)
{
	const unsigned char *text = (const unsigned char *)c->file->text;
	size_t len = c->file->len;
	static const char leads[] = { (char)0xe2, (char)0xc2 };
	for (size_t k = 0; k < sizeof(leads); k++) {
		const char *found;
		for (size_t at = 0; (found = memchr(text + at, leads[k], len - at)); at++) {
			at = (size_t)(found - c->file->text);
			bool turns;
			const char *name = invisible_name(text + at, len - at, &turns);
			if (!name || joins_emoji(text, at, len))
				continue;
			const struct lint_hit hit = { .rule = &yaml_rules[YR_INVISIBLE],
				                      .start = at,
				                      .end = at + (text[at] == 0xe2 ? 3 : 2),
				                      .has_severity = turns,
				                      .severity = LINT_ERROR };
			lint_report_hit(c->file, &hit, "%s stands here", name);
		}
	}
}

static bool is_mode_key(const char *key)
{
	return str_equal(key, "mode") || str_equal(key, "defaultMode") ||
	       str_equal(key, "directory_mode");
}

/* 644 and the like: three octal digits as owners have them, and no usual mode in decimal. */
static bool looks_octal(int64_t number)
{
	static const int64_t decimal[] = { 420, 416, 436, 432, 511, 493, 488, 448, 384,
		                           256, 288, 292, 365, 320, 365, 438, 502, 504 };
	for (size_t i = 0; i < ARRAY_LEN(decimal); i++)
		if (number == decimal[i])
			return false;
	int64_t user = number / 100, group = number / 10 % 10, others = number % 10;
	return number >= 400 && number <= 777 && user >= 4 && group <= user && others <= group;
}

static void check_modes(struct yaml_check *c, const struct val *v)
{
	const struct val *item;
	const struct val_entry *entry;
	for (VAL_EACH_ITEM(i, item, v))
		check_modes(c, item);
	for (VAL_EACH_ENTRY(k, entry, v)) {
		const struct val *value = entry->value;
		if (val_is(value, VAL_LIST) || val_is(value, VAL_MAP)) {
			if (!(value->flags & VAL_IS_ALIAS) && !(entry->flags & VAL_IS_MERGED))
				check_modes(c, value);
			continue;
		}
		if (!val_is(value, VAL_INT) || !is_mode_key(entry->key) ||
		    value->style != VAL_STYLE_PLAIN)
			continue;
		const char *text = c->file->text + value->mark.start;
		if (*text < '4' || *text > '7' || !looks_octal(value->as.integer))
			continue;
		const struct lint_hit hit = { .rule = &yaml_rules[YR_FILE_MODE],
			                      .start = value->mark.start,
			                      .end = value->mark.end };
		lint_report_hit(c->file, &hit,
		                "the mode %lld is decimal, which is octal %llo: is 0%lld meant?",
		                (long long)value->as.integer, (unsigned long long)value->as.integer,
		                (long long)value->as.integer);
	}
}

static void check_own(struct yaml_check *c)
{
	if (yaml_is_on(c, YR_BYTE_ORDER_MARK))
		check_byte_order_mark(c);
	if (yaml_is_on(c, YR_INVISIBLE))
		check_invisible(c);
	if (yaml_is_on(c, YR_FILE_MODE) && str_find(c->file->text, c->file->len, "ode", 3))
		for (size_t i = 0; i < c->file->n_docs; i++)
			check_modes(c, c->file->docs[i].root);
}

static void check_file(struct lint_file *file, void *ctx)
{
	struct yaml_check c = { .file = file };
	if (file->is_json || yaml_is_disabled(file))
		return;
	c.style = style_of(ctx, file);
	choose_rules(&c);
	drop_needless(&c);
	check_own(&c);
	c.on &= ~(YR_BIT(YR_BYTE_ORDER_MARK) | YR_BIT(YR_INVISIBLE) | YR_BIT(YR_FILE_MODE) |
	          YR_BIT(YR_CONFIG));
	if (c.on)
		yaml_check_text(&c);
}

const struct lint_family lint_family_yaml = {
	.name = "yaml",
	.brief =
		"how YAML is written: yamllint's rules, and mistakes that readers take differently",
	.rules = yaml_rules,
	.n_rules = YR_N,
	.kinds = LINT_ANY_YAML,
	.begin = begin,
	.check_file = check_file,
	.finish = finish,
	.end = end,
};

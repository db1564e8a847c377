/* Rules about the commands of RUN: package managers and downloads. */
#include "base/base.h"

#include "lint/family_dockerfile.h"

#include <ctype.h>

struct run {
	const struct dockerfile_check *check;
	const struct dockerfile_instruction *in;
};

static const struct dockerfile_command *find_command(const struct dockerfile_instruction *in,
                                                     const char *name, const char *sub)
{
	for (size_t i = 0; i < in->n_commands; i++)
		if (dockerfile_is_command(&in->commands[i], name, sub))
			return &in->commands[i];
	return NULL;
}

/* `RUN --mount=type=cache,target=/x`: what stays there is no part of the layer. */
static bool has_cache_mount(const struct dockerfile_instruction *in, const char *target)
{
	for (size_t i = 0; i < in->n_flags; i++) {
		const char *flag = in->flags[i].text;
		bool is_mount = str_starts(flag, "--mount=") &&
		                (strstr(flag, "type=cache") || strstr(flag, "type=tmpfs"));
		if (is_mount && strstr(flag, target))
			return true;
	}
	return false;
}

/* --- packages without version --- */

struct manager {
	const char *name, *sub;
	enum dockerfile_rule rule;
	const char *versions; /* one of these in a word is a version */
	const char *valued;   /* options that take the next word, blank-separated */
};

static const struct manager managers[] = {
	{ "apt-get", "install", DF_APT_PIN, "=/", " -t --target-release -c -o " },
	{ "apt", "install", DF_APT_PIN, "=/", " -t --target-release -c -o " },
	{ "apk", "add", DF_APK_PIN, "=<>~", " -t --virtual --repository -X -p --root --arch " },
	{ "gem", "install", DF_GEM_PIN, ":", " -v --version -i --install-dir " },
	{ "yum", "install", DF_YUM_PIN, "-=/", " --enablerepo --disablerepo -c " },
	{ "dnf", "install", DF_DNF_PIN, "-=/", " --enablerepo --disablerepo -c --setopt " },
	{ "microdnf", "install", DF_DNF_PIN, "-=/", " --enablerepo --disablerepo " },
};

static bool takes_value(const char *valued, const char *option)
{
	AUTOFREE char *padded = str_format(" %s ", option);
	return strstr(valued, padded) != NULL;
}

static bool is_local_file(const char *word)
{
	return word[0] == '/' || word[0] == '.' || strstr(word, "://") || str_ends(word, ".deb") ||
	       str_ends(word, ".rpm") || str_ends(word, ".apk") || str_ends(word, ".gem");
}

/* httpd-2.4: a dash and a digit. */
static bool has_version(const char *word, const char *versions)
{
	for (const char *at = word; *at; at++)
		if (strchr(versions, *at) && (*at != '-' || isdigit((unsigned char)at[1])))
			return true;
	return strchr(word, '$') != NULL;
}

static void check_pins(const struct run *run, const struct dockerfile_command *command)
{
	for (size_t m = 0; m < ARRAY_LEN(managers); m++) {
		const struct manager *manager = &managers[m];
		if (!dockerfile_is_command(command, manager->name, manager->sub) ||
		    dockerfile_has_option(command, "-v") ||
		    dockerfile_has_option(command, "--version"))
			continue;
		bool is_behind = false;
		for (size_t i = 1; i < command->n_words; i++) {
			const struct dockerfile_word *word = &command->words[i];
			if (word->text[0] == '-') {
				i += takes_value(manager->valued, word->text);
			} else if (!is_behind) {
				is_behind = true; /* the subcommand */
			} else if (!is_local_file(word->text) &&
			           !has_version(word->text, manager->versions)) {
				dockerfile_hit(run->check, manager->rule, word->start, word->end,
				               NULL, "'%s' has no version", word->text);
				return;
			}
		}
	}
}

static bool is_pip(const struct dockerfile_command *command)
{
	bool is_module = command->n_words > 3 && str_starts(command->words[0].text, "python") &&
	                 str_equal(command->words[1].text, "-m") &&
	                 str_equal(command->words[2].text, "pip") &&
	                 str_equal(command->words[3].text, "install");
	return is_module || dockerfile_is_command(command, "pip", "install") ||
	       dockerfile_is_command(command, "pip3", "install") ||
	       dockerfile_is_command(command, "pip2", "install");
}

static void check_pip(const struct run *run, const struct dockerfile_command *command)
{
	if (!is_pip(command))
		return;
	if (!dockerfile_has_option(command, "--no-cache-dir") && !has_cache_mount(run->in, "pip")) {
		size_t at = command->words[command->words[1].text[0] == '-' ? 3 : 1].end;
		dockerfile_hit(run->check, DF_PIP_CACHE, command->start, command->end,
		               dockerfile_replace(run->check, false, at, at, " --no-cache-dir",
		                                  "add --no-cache-dir"),
		               "pip keeps its cache in the layer");
	}
	if (dockerfile_has_option(command, "-r") ||
	    dockerfile_has_option(command, "--requirement") ||
	    dockerfile_has_option(command, "--constraint") || dockerfile_has_option(command, "-c"))
		return;
	bool is_behind = false;
	for (size_t i = 1; i < command->n_words; i++) {
		const char *word = command->words[i].text;
		if (str_equal(word, "install")) {
			is_behind = true;
		} else if (str_equal(word, "-i") || str_equal(word, "--index-url") ||
		           str_equal(word, "--extra-index-url") || str_equal(word, "-t") ||
		           str_equal(word, "--trusted-host")) {
			i++;
		} else if (is_behind && word[0] != '-' && word[0] != '.' &&
		           !strpbrk(word, "=<>~@/$") && !str_ends(word, ".whl") &&
		           !str_ends(word, ".tar.gz")) {
			dockerfile_hit(run->check, DF_PIP_PIN, command->words[i].start,
			               command->words[i].end, NULL, "'%s' has no version", word);
			return;
		}
	}
}

static void check_npm(const struct run *run, const struct dockerfile_command *command)
{
	if (!dockerfile_is_command(command, "npm", "install") &&
	    !dockerfile_is_command(command, "npm", "i"))
		return;
	bool is_behind = false;
	for (size_t i = 1; i < command->n_words; i++) {
		const char *word = command->words[i].text;
		if (word[0] == '-')
			continue;
		if (!is_behind) {
			is_behind = true;
			continue;
		}
		bool is_pinned = strchr(word + 1, '@') || strchr(word, '$') || word[0] == '.' ||
		                 word[0] == '/' || strstr(word, "://") || str_ends(word, ".tgz");
		if (!is_pinned) {
			dockerfile_hit(run->check, DF_NPM_PIN, command->words[i].start,
			               command->words[i].end, NULL, "'%s' has no version", word);
			return;
		}
	}
}

static void check_go(const struct run *run, const struct dockerfile_command *command)
{
	if (!dockerfile_is_command(command, "go", "install"))
		return;
	for (size_t i = 2; i < command->n_words; i++) {
		const char *word = command->words[i].text;
		if (word[0] == '-' || word[0] == '.' || word[0] == '/' || !strchr(word, '/'))
			continue;
		if (!strchr(word, '@') || str_ends(word, "@latest"))
			dockerfile_hit(run->check, DF_GO_PIN, command->words[i].start,
			               command->words[i].end, NULL, "'%s' has no version", word);
	}
}

/* --- questions nobody answers --- */

static const struct {
	const char *name, *sub;
	enum dockerfile_rule rule;
	const char *options; /* any of these is an answer */
} askers[] = {
	{ "apt-get", "install", DF_APT_YES, "-y --yes --assume-yes -q=2" },
	{ "yum", "install", DF_YUM_YES, "-y --assumeyes" },
	{ "dnf", "install", DF_DNF_YES, "-y --assumeyes" },
	{ "microdnf", "install", DF_DNF_YES, "-y --assumeyes" },
	{ "zypper", "install", DF_ZYPPER_YES, "-y --no-confirm -n --non-interactive" },
	{ "zypper", "in", DF_ZYPPER_YES, "-y --no-confirm -n --non-interactive" },
};

static bool has_any_option(const struct dockerfile_command *command, const char *options)
{
	struct view rest = view_of(options), part;
	while (view_split(&rest, ' ', &part)) {
		AUTOFREE char *option = mem_strndup(part.ptr, part.len);
		if (dockerfile_has_option(command, option))
			return true;
	}
	size_t quiet = 0;
	for (size_t i = 1; i < command->n_words; i++)
		quiet += str_equal(command->words[i].text, "-q")    ? 1
		         : str_equal(command->words[i].text, "-qq") ? 2
		                                                    : 0;
	return quiet >= 2 && dockerfile_is_command(command, "apt-get", NULL);
}

static void check_questions(const struct run *run, const struct dockerfile_command *command)
{
	for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
		if (!dockerfile_is_command(command, askers[i].name, askers[i].sub) ||
		    has_any_option(command, askers[i].options))
			continue;
		size_t at = command->words[0].end;
		for (size_t k = 1; k < command->n_words; k++)
			if (str_equal(command->words[k].text, askers[i].sub)) {
				at = command->words[k].end;
				break;
			}
		dockerfile_hit(run->check, askers[i].rule, command->start, command->end,
		               dockerfile_replace(run->check, false, at, at, " -y", "add -y"),
		               "%s %s asks, and nobody answers in a build", askers[i].name,
		               askers[i].sub);
	}
}

/* --- what stays in the layer --- */

static void check_leftovers(const struct run *run)
{
	const struct dockerfile_instruction *in = run->in;
	const char *text = run->check->df->text + in->start;
	size_t len = in->end - in->start;
	const struct dockerfile_command *install = find_command(in, "apt-get", "update");
	bool is_kept = install && !str_find(text, len, "/var/lib/apt/lists", 18);
	if (is_kept && find_command(in, "apt-get", "install") &&
	    !has_cache_mount(in, "/var/lib/apt") && !has_cache_mount(in, "/var/cache/apt"))
		dockerfile_hit(run->check, DF_APT_LISTS, install->start, install->end, NULL,
		               "delete the package lists behind it: rm -rf /var/lib/apt/lists/*");
	static const struct {
		const char *name;
		enum dockerfile_rule rule;
		const char *folder;
	} cleaners[] = { { "yum", DF_YUM_CLEAN, "/var/cache/yum" },
		         { "dnf", DF_DNF_CLEAN, "/var/cache/dnf" },
		         { "microdnf", DF_DNF_CLEAN, "/var/cache/yum" },
		         { "zypper", DF_ZYPPER_CLEAN, "/var/cache/zypp" } };
	for (size_t i = 0; i < ARRAY_LEN(cleaners); i++) {
		install = find_command(in, cleaners[i].name, "install");
		if (!install && str_equal(cleaners[i].name, "zypper"))
			install = find_command(in, "zypper", "in");
		bool is_clean = find_command(in, cleaners[i].name, "clean") ||
		                find_command(in, cleaners[i].name, "cc") ||
		                str_find(text, len, cleaners[i].folder, strlen(cleaners[i].folder)) ||
		                has_cache_mount(in, cleaners[i].folder);
		if (install && !is_clean)
			dockerfile_hit(run->check, cleaners[i].rule, install->start, install->end,
			               NULL, "%s clean behind it makes the layer smaller",
			               cleaners[i].name);
	}
	install = find_command(in, "yarn", "install");
	if (install && !find_command(in, "yarn", "cache") && !has_cache_mount(in, "yarn"))
		dockerfile_hit(run->check, DF_YARN_CACHE, install->start, install->end, NULL,
		               "yarn cache clean behind it makes the layer smaller");
}

/* --- single commands --- */

static void check_apt(const struct run *run, const struct dockerfile_command *command)
{
	if (dockerfile_is_command(command, "apt", NULL) && command->n_words > 1)
		dockerfile_hit(run->check, DF_APT, command->start, command->end,
		               dockerfile_replace(run->check, false, command->words[0].start,
		                                  command->words[0].end, "apt-get", "use apt-get"),
		               "apt is for people, apt-get for scripts");
	bool is_bare = dockerfile_is_command(command, "apt-get", "install") &&
	               !dockerfile_has_option(command, "--no-install-recommends");
	for (size_t i = 1; i < command->n_words && is_bare; i++)
		is_bare = !strstr(command->words[i].text, "APT::Install-Recommends=");
	if (is_bare)
		dockerfile_hit(run->check, DF_APT_RECOMMENDS, command->start, command->end, NULL,
		               "--no-install-recommends leaves out what is only recommended");
	if (dockerfile_is_command(command, "apk", "add") &&
	    !dockerfile_has_option(command, "--no-cache") &&
	    !has_cache_mount(run->in, "/var/cache/apk")) {
		size_t at = command->words[0].end;
		for (size_t i = 1; i < command->n_words; i++)
			if (str_equal(command->words[i].text, "add"))
				at = command->words[i].end;
		dockerfile_hit(run->check, DF_APK_CACHE, command->start, command->end,
		               dockerfile_replace(run->check, false, at, at, " --no-cache",
		                                  "add --no-cache"),
		               "apk keeps its index in the layer");
	}
}

static void check_others(const struct run *run, const struct dockerfile_command *command)
{
	const char *name = command->words[0].text;
	if (str_equal(name, "sudo"))
		dockerfile_hit(run->check, DF_SUDO, command->words[0].start, command->words[0].end,
		               NULL, "no sudo in a build: it runs as root, or as the USER chosen");
	if (str_equal(name, "useradd") && !dockerfile_has_option(command, "-l") &&
	    !dockerfile_has_option(command, "--no-log-init"))
		for (size_t i = 1; i + 1 < command->n_words; i++)
			if ((str_equal(command->words[i].text, "-u") ||
			     str_equal(command->words[i].text, "--uid")) &&
			    strlen(command->words[i + 1].text) > 5)
				dockerfile_hit(
					run->check, DF_USERADD, command->start, command->end, NULL,
					"-l keeps the log of logins from growing to gigabytes");
	bool is_quiet = dockerfile_has_option(command, "-q") ||
	                dockerfile_has_option(command, "-o") ||
	                dockerfile_has_option(command, "--quiet") ||
	                dockerfile_has_option(command, "--progress") ||
	                dockerfile_has_option(command, "-nv") ||
	                dockerfile_has_option(command, "--no-verbose") ||
	                dockerfile_has_option(command, "--output-file");
	if (str_equal(name, "wget") && command->n_words > 1 && !is_quiet)
		dockerfile_hit(run->check, DF_WGET_PROGRESS, command->start, command->end, NULL,
		               "--progress=dot:giga keeps the log of the build short");
	bool is_upgrade = dockerfile_is_command(command, "zypper", "dist-upgrade") ||
	                  dockerfile_is_command(command, "zypper", "dup");
	if (is_upgrade)
		dockerfile_hit(run->check, DF_ZYPPER_UPGRADE, command->start, command->end, NULL,
		               "take a newer base image instead of upgrading this one");
	if (str_equal(name, "ln") && command->n_words > 2 &&
	    str_equal(command->words[command->n_words - 1].text, "/bin/sh"))
		dockerfile_hit(run->check, DF_LN_SH, command->start, command->end, NULL,
		               "SHELL [\"/bin/bash\", \"-c\"] says the same");
}

/* A pipe whose first part may fail unseen; PowerShell and cmd know no such thing. */
static void check_pipes(const struct run *run, bool has_pipefail)
{
	const struct dockerfile_instruction *in = run->in;
	const char *text = run->check->df->text + in->start;
	if (has_pipefail || str_find(text, in->end - in->start, "pipefail", 8))
		return;
	for (size_t i = 0; i < in->n_commands; i++)
		if (in->commands[i].is_piped) {
			dockerfile_hit(
				run->check, DF_PIPEFAIL, in->commands[i].start, in->commands[i].end,
				NULL,
				"when this fails, the build goes on: only the last command of "
				"a pipe decides");
			return;
		}
}

/* Does SHELL take away the need (pipefail, or no POSIX shell at all)? */
static bool shell_is_safe(const struct dockerfile_instruction *shell)
{
	for (size_t i = 0; i < shell->n_words; i++) {
		const char *word = shell->words[i].text;
		if (str_equal(word, "pipefail") || strstr(word, "pipefail") ||
		    strstr(word, "powershell") || strstr(word, "pwsh") || str_equal(word, "cmd"))
			return true;
	}
	return false;
}

static void check_run(const struct dockerfile_check *check, const struct dockerfile_instruction *in,
                      bool has_pipefail)
{
	const struct run run = { check, in };
	for (size_t i = 0; i < in->n_commands; i++) {
		const struct dockerfile_command *command = &in->commands[i];
		check_pins(&run, command);
		check_pip(&run, command);
		check_npm(&run, command);
		check_go(&run, command);
		check_questions(&run, command);
		check_apt(&run, command);
		check_others(&run, command);
	}
	if (in->n_commands == 1 && str_equal(in->commands[0].words[0].text, "cd"))
		dockerfile_hit(check, DF_CD, in->commands[0].start, in->commands[0].end, NULL,
		               "the change is gone with this line: use WORKDIR");
	check_leftovers(&run);
	check_pipes(&run, has_pipefail);
}

void dockerfile_check_commands(const struct dockerfile_check *check)
{
	bool has_pipefail = false;
	const struct dockerfile_command *wget = NULL, *curl = NULL;
	for (size_t i = 0; i < check->df->n_instructions; i++) {
		const struct dockerfile_instruction *in = &check->df->instructions[i];
		if (str_equal(in->name, "FROM")) {
			has_pipefail = false;
			wget = curl = NULL;
		} else if (str_equal(in->name, "SHELL")) {
			has_pipefail = shell_is_safe(in);
		} else if (str_equal(in->name, "RUN")) {
			check_run(check, in, has_pipefail);
			bool had_both = wget && curl;
			wget = wget ? wget : find_command(in, "wget", NULL);
			curl = curl ? curl : find_command(in, "curl", NULL);
			if (wget && curl && !had_both)
				dockerfile_hit(check, DF_WGET_AND_CURL, in->start, in->name_end,
				               NULL, "both wget and curl are used in this stage");
		}
	}
}

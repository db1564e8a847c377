#include "base/base.h"

#include "cmds.h"

static const char exit_codes[] =
	"Exit codes, the same for every command:\n"
	"\n"
	"  0    done, or nothing to do\n"
	"  1    the answer is no: differences, drift, nothing found\n"
	"  2    wrong usage, settings or manifests; nothing was attempted\n"
	"  3    it failed: a file, the network, a part of an apply; what was done is listed\n"
	"  4    authentication or permission is missing\n"
	"  5    a conflict or a guard: locked by another run, changed underneath, too many\n"
	"       deletions; the message says how to insist or that trying again makes sense\n"
	"  6    applied, but not healthy in time\n"
	"  124  the deadline (--timeout) passed\n"
	"  130  interrupted with Ctrl-C\n"
	"  143  terminated\n"
	"\n"
	"'fettle diff' answers 0 for in sync and 1 for differences; an error is never a 1.\n"
	"A script can rely on:\n"
	"\n"
	"  fettle diff; case $? in 0) echo same;; 1) echo changed;; *) exit 1;; esac\n";

static const char environment[] =
	"Variables that fettle reads. An option wins over its variable.\n"
	"\n"
	"  FETTLE_NO_INPUT          never ask, fail instead\n"
	"  NO_COLOR                 set and not empty: no colour\n"
	"  CLICOLOR_FORCE           set and not 0: colour also into pipes\n"
	"  TERM                     'dumb': no colour, no progress line\n"
	"  HTTPS_PROXY, HTTP_PROXY, NO_PROXY\n"
	"                           proxies for git over HTTPS\n"
	"  XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_STATE_HOME\n"
	"                           where the user's files are, see 'fettle help files'\n"
	"\n"
	"Every setting has a variable, which wins over all settings files:\n"
	"\n";

static void add_variables(struct str *out)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting_key *key = settings_key((enum setting)i);
		str_addf(out, "  %-28s%s\n", key->env, key->help);
		str_addf(out, "  %-28ssetting: %s", "", key->name);
		if (key->def)
			str_addf(out, ", default: %s", key->def);
		str_addch(out, '\n');
	}
}

static const char files[] =
	"Files that fettle reads and writes. None has to exist.\n"
	"\n"
	"  fettle.yaml              the project: its name, environments, settings; the nearest\n"
	"                           one from the current folder up to the repository's top\n"
	"  ~/.config/fettle/settings.yaml\n"
	"                           the user's settings\n"
	"  /etc/fettle/settings.yaml\n"
	"                           settings for everybody on this machine\n"
	"  ~/.cache/fettle          copies of git repositories; may be deleted at any time\n"
	"  ~/.local/state/fettle    inventory and history; do not delete\n"
	"\n"
	"macOS and Windows have their own places; 'fettle settings show' prints them.\n"
	"\n"
	"A settings file is a map of settings:\n"
	"\n"
	"  git:\n"
	"    timeout: 30s\n"
	"  prune:\n"
	"    maxDeletions: 20%\n"
	"\n"
	"In fettle.yaml the same map stands under 'settings:'. There, only settings that\n"
	"cannot harm the person who cloned the repository are taken:\n"
	"\n";

static void add_project_settings(struct str *out)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting_key *key = settings_key((enum setting)i);
		if (key->project_may_set)
			str_addf(out, "  %s\n", key->name);
	}
}

static const char layout[] =
	"A project is a folder of manifests, most often a git repository:\n"
	"\n"
	"  fettle.yaml              optional: names environments and where they apply\n"
	"  envs/prod/motd.yaml      manifests, one or more YAML documents per file\n"
	"  envs/prod/files/motd     content that manifests refer to\n"
	"\n"
	"  # fettle.yaml\n"
	"  apiVersion: fettle.dev/v1\n"
	"  kind: Project\n"
	"  metadata: { name: shop }\n"
	"  environments:\n"
	"    dev:\n"
	"      path: envs/dev\n"
	"      target: { host: { root: ./sandbox } }\n"
	"    prod:\n"
	"      path: envs/prod\n"
	"      target: { host: {} }\n"
	"\n"
	"Then 'fettle diff -e prod' compares and 'fettle apply -e prod' applies. Without a\n"
	"fettle.yaml, name the folder: 'fettle diff envs/prod'.\n";

static const char output[] =
	"Results go to standard output, everything else to standard error.\n"
	"\n"
	"  --output json    one JSON document with a schema name and version, such as\n"
	"                   \"fettle.diff/1\". Keys are only ever added; times are RFC 3339 in\n"
	"                   UTC, sizes bytes, durations seconds. Errors are one JSON object on\n"
	"                   standard error: {\"error\": {kind, message, file, line, column, hints}}.\n"
	"  --log-format json\n"
	"                   for long runs: each message is one JSON object per line.\n"
	"\n"
	"Text is for people and may change in any release; JSON and exit codes do not.\n"
	"\n"
	"Colour: --color always or never; else NO_COLOR, CLICOLOR_FORCE, whether the stream is\n"
	"a terminal, and the setting 'color' decide, in this order. On a terminal, control\n"
	"characters in names and contents are shown escaped, as \\x1b.\n"
	"\n"
	"Secret values are never printed; '(sensitive, tag 5bc93a816373)' stands for them, and\n"
	"equal values on one target have equal tags.\n";

static const char sources[] =
	"Where manifests come from, the PATH of render, diff and apply:\n"
	"\n"
	"  envs/prod                a folder: all .yaml, .yml and .json files in it and below;\n"
	"                           one with a fettle.yaml is a project, see 'fettle help layout'\n"
	"  motd.yaml                one file\n"
	"  -                        standard input\n"
	"  file:///srv/ops.git      a git repository on this machine\n"
	"  https://example.com/ops.git\n"
	"  ssh://git@example.com/ops.git\n"
	"  git@example.com:ops.git  the same through your own ssh\n"
	"\n"
	"A git source may name a folder and a branch, tag or commit:\n"
	"\n"
	"  https://example.com/ops.git//envs/prod?ref=v1.4.0\n"
	"\n"
	"A local repository is read from its work tree; with '?ref=', from that commit. Manifests\n"
	"from git are read from the commit, never from a work tree. Credentials come from git's\n"
	"own helpers and from .netrc, host keys from ssh; certificates are always checked.\n";

static const char host[] =
	"Kinds of the host target (apiVersion: host.fettle.dev/v1):\n"
	"\n"
	"  File        content, contentFrom or contentBase64; mode, owner, group;\n"
	"              check: a program that must accept the new content first;\n"
	"              onChange: signal, command, reloadUnit or restartUnit\n"
	"  Directory   mode, owner, group; purge: remove what is not managed\n"
	"  Symlink     target\n"
	"  Unit        a systemd unit: content or contentFrom, enabled, state: started or\n"
	"              stopped; restartOn, reloadOn: objects whose change it must notice\n"
	"  Command     check, apply, remove: programs as argument lists, never through a shell\n"
	"\n"
	"and from the core API (apiVersion: v1) ConfigMap and Secret, written into the folder\n"
	"that their annotation 'host.fettle.dev/path' names, the way a kubelet mounts them:\n"
	"several files change in one instant.\n"
	"\n"
	"  apiVersion: host.fettle.dev/v1\n"
	"  kind: File\n"
	"  metadata:\n"
	"    name: motd\n"
	"  spec:\n"
	"    path: /etc/motd\n"
	"    content: |\n"
	"      hello\n"
	"    mode: \"0644\"\n"
	"\n"
	"With --root DIR every path is below that folder, and nothing can lead out of it.\n"
	"Order: folders before what is in them; more with the annotation\n"
	"'fettle.dev/depends-on: Directory/web, File/config'. The annotation\n"
	"'fettle.dev/prune: disabled' keeps an object when its manifest goes away.\n";

const struct topic topics[] = {
	{ "environment", "variables that fettle reads", environment, add_variables },
	{ "exit-codes", "what the exit codes mean", exit_codes, NULL },
	{ "files", "files that fettle reads and writes", files, add_project_settings },
	{ "host", "kinds of the host target", host, NULL },
	{ "layout", "how a project is laid out", layout, NULL },
	{ "output", "formats, colour, secrets", output, NULL },
	{ "sources", "folders, files and git URLs", sources, NULL },
	{ NULL, NULL, NULL, NULL },
};

/* Starting a child on Windows. */
#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "base/path.h"
#include "pal/argv.h"
#include "pal/fault.h"
#include "pal/proc_os_win32.h"
#include "pal/random.h"

void child_clear(struct child *child)
{
	win32_close(child->process);
	win32_close(child->job);
	win32_close(child->in);
	win32_close(child->out);
	win32_close(child->err);
}

/* --- command line: there is only one string, and every program splits it itself --- */

/*
 * The rules of CommandLineToArgvW and the C runtime: backslashes count only before a quote, where
 * they are doubled, and a quote is written \".
 */
void proc_os_quote(const char *arg, struct str *line)
{
	if (*arg && !strpbrk(arg, " \t\n\v\"")) {
		str_addz(line, arg);
		return;
	}
	str_addch(line, '"');
	for (;;) {
		size_t slashes = strspn(arg, "\\");
		arg += slashes;
		if (!*arg) {
			str_add_repeat(line, '\\', slashes * 2);
			break;
		}
		str_add_repeat(line, '\\', *arg == '"' ? slashes * 2 + 1 : slashes);
		str_addch(line, *arg++);
	}
	str_addch(line, '"');
}

static wchar_t *command_line(const char *const *argv)
{
	AUTO(str) line = STR_INIT;
	for (size_t i = 0; argv[i]; i++) {
		if (i > 0)
			str_addch(&line, ' ');
		proc_os_quote(argv[i], &line);
	}
	return win32_wide(line.ptr);
}

/* --- environment: "NAME=value" entries, each with a NUL, and one more NUL --- */

static bool is_same_name(const wchar_t *entry, const wchar_t *change)
{
	size_t len = wcscspn(change, L"=");
	return _wcsnicmp(entry, change, len) == 0 && entry[len] == L'=';
}

static bool is_overridden(const wchar_t *entry, const char *const *changes)
{
	for (; changes && *changes; changes++) {
		AUTOFREE wchar_t *change = win32_wide(*changes);
		if (is_same_name(entry, change))
			return true;
	}
	return false;
}

static void add_entry(struct str *block, const wchar_t *entry)
{
	str_add(block, entry, (wcslen(entry) + 1) * sizeof(*entry));
}

static void build_env(const char *const *changes, struct str *block)
{
	wchar_t *all = GetEnvironmentStringsW();
	for (const wchar_t *entry = all; entry && *entry; entry += wcslen(entry) + 1)
		if (!is_overridden(entry, changes))
			add_entry(block, entry);
	FreeEnvironmentStringsW(all);
	for (; changes && *changes; changes++) {
		AUTOFREE wchar_t *change = win32_wide(*changes);
		if (wcschr(change, L'='))
			add_entry(block, change);
	}
	add_entry(block, L"");
}

static const char *changed_path(const char *const *changes)
{
	for (; changes && *changes; changes++)
		if (_strnicmp(*changes, "PATH=", 5) == 0)
			return *changes + 5;
	return env_get("PATH");
}

/* --- looking the program up --- */

static bool is_file(const char *path)
{
	struct fs_stat st;
	err *e = fs_stat(path, &st);
	bool is_there = e == NULL && st.type == FS_FILE;
	err_ignore(e, "then it is not there");
	return is_there;
}

/* As given, or with the ending that programs have. */
static bool try_endings(const char *path, struct str *ret_path)
{
	static const char *const endings[] = { "", ".exe", ".com" };
	bool has_ending = *path_extension(path) != '\0';
	for (size_t i = has_ending ? 0 : 1; i < ARRAY_LEN(endings); i++) {
		AUTOFREE char *full = str_format("%s%s", path, endings[i]);
		if (is_file(full)) {
			str_reset(ret_path);
			str_addz(ret_path, full);
			return true;
		}
	}
	return false;
}

static err *find_in(const char *search, const char *name, struct str *ret_path)
{
	struct view rest = view_of(search ? search : ""), dir;
	while (view_split(&rest, ';', &dir)) {
		if (dir.len > 2 && dir.ptr[0] == '"' && dir.ptr[dir.len - 1] == '"')
			dir = (struct view){ dir.ptr + 1, dir.len - 2 };
		AUTOFREE char *path =
			str_format("%.*s/%s", (int)dir.len, dir.len ? dir.ptr : "", name);
		if (path_is_absolute(path) && try_endings(path, ret_path))
			return NULL;
	}
	return err_new(ERR_NOT_FOUND, "cannot find the program '%s' in PATH", name);
}

static err *find(const char *search, const char *name, struct str *ret_path)
{
	if (!strpbrk(name, "/\\:"))
		return find_in(search, name, ret_path);
	if (!try_endings(name, ret_path))
		return err_new(ERR_NOT_FOUND, "there is no program '%s'", name);
	return NULL;
}

err *proc_find(const char *name, struct str *ret_path)
{
	AUTO(str) found = STR_INIT;
	TRY(find(env_get("PATH"), name, &found));
	return fs_absolute(found.ptr, ret_path);
}

/* cmd.exe would run it and reads the arguments by rules that no quoting satisfies. */
static err *refuse_batch(const char *program)
{
	const char *ending = path_extension(program);
	if (_stricmp(ending, ".bat") != 0 && _stricmp(ending, ".cmd") != 0)
		return NULL;
	return err_hint(err_new(ERR_UNSUPPORTED, "cannot run the batch file '%s'", program),
	                "name cmd.exe as the program and /c and the file as its arguments");
}

/* --- pipes: ours overlapped, the child's plain and inherited --- */

static err *make_pipe(bool child_reads, HANDLE *ret_ours, HANDLE *ret_child)
{
	AUTOFREE char *name =
		str_format("\\\\.\\pipe\\fettle-%lu-%016" PRIx64,
	                   (unsigned long)GetCurrentProcessId(), random_below(UINT64_MAX));
	AUTOFREE wchar_t *wide = win32_wide(name);
	const DWORD direction = child_reads ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND;
	const DWORD room = 64 << 10;
	HANDLE ours = FAULT("CreateNamedPipe")
	                      ? INVALID_HANDLE_VALUE
	                      : CreateNamedPipeW(wide,
	                                         direction | FILE_FLAG_OVERLAPPED |
	                                                 FILE_FLAG_FIRST_PIPE_INSTANCE,
	                                         PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1,
	                                         room, room, 0, NULL);
	if (ours == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot make a pipe");
	SECURITY_ATTRIBUTES inherited = { sizeof(inherited), NULL, TRUE };
	HANDLE theirs = CreateFileW(wide, child_reads ? GENERIC_READ : GENERIC_WRITE, 0, &inherited,
	                            OPEN_EXISTING, 0, NULL);
	if (theirs == INVALID_HANDLE_VALUE) {
		err *e = win32_error(0, "cannot make a pipe");
		win32_close(ours);
		return e;
	}
	*ret_ours = ours;
	*ret_child = theirs;
	return NULL;
}

/* The child's standard handles; each is its own inheritable copy, closed after the start. */
struct standard {
	HANDLE at[3];
};

static void standard_clear(struct standard *standard)
{
	for (size_t i = 0; i < 3; i++)
		win32_close(standard->at[i]);
}

static HANDLE inheritable_copy(HANDLE handle)
{
	HANDLE copy = INVALID_HANDLE_VALUE;
	HANDLE self = GetCurrentProcess();
	if (!DuplicateHandle(self, handle, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
		return INVALID_HANDLE_VALUE;
	return copy;
}

static HANDLE open_null(void)
{
	SECURITY_ATTRIBUTES inherited = { sizeof(inherited), NULL, TRUE };
	return CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
	                   &inherited, OPEN_EXISTING, 0, NULL);
}

static HANDLE own_or_null(DWORD which)
{
	HANDLE copy = inheritable_copy(GetStdHandle(which));
	return copy == INVALID_HANDLE_VALUE ? open_null() : copy;
}

static err *make_standard(const struct proc_opts *opts, struct child *child,
                          struct standard *standard)
{
	if (opts->input.len)
		TRY(make_pipe(true, &child->in, &standard->at[0]));
	else
		standard->at[0] = opts->flags & PROC_INHERIT_STDIN ? own_or_null(STD_INPUT_HANDLE)
		                                                   : open_null();
	if (opts->flags & PROC_INHERIT_OUTPUT) {
		standard->at[1] = own_or_null(STD_OUTPUT_HANDLE);
		standard->at[2] = own_or_null(STD_ERROR_HANDLE);
		return NULL;
	}
	TRY(make_pipe(false, &child->out, &standard->at[1]));
	if (opts->flags & PROC_INHERIT_STDERR) {
		standard->at[2] = own_or_null(STD_ERROR_HANDLE);
		return NULL;
	}
	if (!(opts->flags & PROC_MERGE_STDERR))
		return make_pipe(false, &child->err, &standard->at[2]);
	standard->at[2] = inheritable_copy(standard->at[1]);
	return NULL;
}

/* --- start --- */

struct start {
	const wchar_t *program, *dir;
	wchar_t *line;
	void *env;
	bool has_group;
};

static bool create(const struct start *start, struct standard *standard,
                   PROCESS_INFORMATION *ret_info)
{
	SIZE_T size = 0;
	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	AUTOFREE void *room = mem_zalloc(1, size + 1);
	STARTUPINFOEXW startup = { .lpAttributeList = room };
	startup.StartupInfo.cb = sizeof(startup);
	startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
	startup.StartupInfo.hStdInput = standard->at[0];
	startup.StartupInfo.hStdOutput = standard->at[1];
	startup.StartupInfo.hStdError = standard->at[2];
	if (!InitializeProcThreadAttributeList(room, 1, 0, &size))
		return false;
	DWORD flags = CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED |
	              (start->has_group ? CREATE_NEW_PROCESS_GROUP : 0);
	/* exactly these three handles are inherited, whatever else is inheritable in our process */
	bool is_made = UpdateProcThreadAttribute(room, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
	                                         standard->at, sizeof(standard->at), NULL, NULL) &&
	               !FAULT("CreateProcess") &&
	               CreateProcessW(start->program, start->line, NULL, NULL, TRUE, flags,
	                              start->env, start->dir, &startup.StartupInfo, ret_info);
	DWORD code = GetLastError();
	DeleteProcThreadAttributeList(room);
	SetLastError(code);
	return is_made;
}

static err *start_child(const struct start *start, struct standard *standard, const char *shown,
                        struct child *child)
{
	PROCESS_INFORMATION info;
	child->job = CreateJobObjectW(NULL, NULL);
	if (!create(start, standard, &info))
		return win32_error(0, "cannot run '%s'", shown);
	child->process = info.hProcess;
	child->pid = info.dwProcessId;
	/* suspended until here, so that no grandchild can be born outside the job */
	if (child->job)
		(void)AssignProcessToJobObject(child->job, child->process);
	ResumeThread(info.hThread);
	win32_close(info.hThread);
	return NULL;
}

err *proc_os_spawn(const struct proc_opts *opts, struct child *ret_child)
{
	AUTO(str) program = STR_INIT;
	AUTO(str) full = STR_INIT;
	AUTO(str) env = STR_INIT;
	if (opts->gift.len)
		return err_new(ERR_UNSUPPORTED, "a descriptor cannot be handed to a program on "
		                                "Windows");
	TRY(find(changed_path(opts->env), opts->argv[0], &program));
	TRY(refuse_batch(program.ptr));
	TRY(fs_absolute(program.ptr, &full));
	if (opts->dir && !fs_is_dir(opts->dir))
		return err_new(ERR_NOT_FOUND, "cannot run '%s' in '%s': there is no such folder",
		               opts->argv[0], opts->dir);
	for (char *at = full.ptr; *at; at++)
		if (*at == '/')
			*at = '\\';
	build_env(opts->env, &env);
	AUTOFREE wchar_t *wide = win32_wide(full.ptr), *line = command_line(opts->argv);
	AUTOFREE wchar_t *dir = opts->dir ? win32_wide(opts->dir) : NULL;
	const struct start start = { wide, dir, line, env.ptr,
		                     !(opts->flags & PROC_INHERIT_STDIN) };
	const HANDLE none = INVALID_HANDLE_VALUE;
	AUTO(child) child = { none, none, 0, none, none, none };
	AUTO(standard) standard = { { none, none, none } };
	TRY(make_standard(opts, &child, &standard));
	TRY(start_child(&start, &standard, opts->argv[0], &child));
	*ret_child = child;
	child = (struct child){ none, none, 0, none, none, none };
	return NULL;
}

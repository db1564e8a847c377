#!/usr/bin/env bats
# make install puts everything where the system looks for it.

@test "install: every file under DESTDIR and PREFIX, the service with the right path" {
	root=$BATS_TEST_TMPDIR/root
	make --no-print-directory install DESTDIR="$root" PREFIX=/opt/fettle
	[ -x "$root/opt/fettle/bin/fettle" ]
	[ -s "$root/opt/fettle/share/man/man1/fettle-apply.1" ]
	[ -s "$root/opt/fettle/share/bash-completion/completions/fettle" ]
	[ -s "$root/opt/fettle/share/zsh/site-functions/_fettle" ]
	[ -s "$root/opt/fettle/share/fish/vendor_completions.d/fettle.fish" ]
	grep -q '^ExecStart=/opt/fettle/bin/fettle ' "$root/opt/fettle/lib/systemd/system/fettle-apply.service"
	[ -z "$(find "$root" -type f -not -path "$root/opt/fettle/*")" ]
}

#!/usr/bin/env bats
# Templates rendered by fettle and by Go's text/template with Sprig and consul-template: the same bytes, or
# refused by us. FETTLE_TEMPLATES random ones (default 400) beside the table, from FETTLE_SEED.

load ../e2e/helpers

setup() {
	# The cache of the peer is the machine's, not the test's home.
	peer=$("$BATS_TEST_DIRNAME/build") || { [ $? = 77 ] && skip "no Go to compare with"; }
	fettle_setup
}

@test "templates: the same bytes as text/template, Sprig and consul-template, or refused" {
	cases=$BATS_TEST_DIRNAME/cases.py
	python3 "$cases" write "${FETTLE_TEMPLATES:-400}" "${FETTLE_SEED:-$RANDOM}" >cases
	"$peer" <cases >answers
	[ "$(wc -l <cases)" = "$(wc -l <answers)" ]
	python3 "$cases" compare cases answers "$FETTLE" | tee compared
	# Comparing nothing would be no test.
	[ "$(sed -n 's/.*# \([0-9]*\) same.*/\1/p' compared | tail -n 1)" -gt 300 ]
	grep -q ' 0 DIFFERENT' compared
}

#!/usr/bin/env bats
# config import: what consul-template and confd were configured with does the same here, at real centers.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	agent= etcd_pid=
}

teardown() { etcd_stop; }

@test "import: a folder of confd, with its check and reload, at a real etcd" {
	etcd_start main
	mkdir -p confd/conf.d confd/templates
	printf 'backend = "etcdv3"\nnodes = ["%s"]\nsrv_domain = "x"\n' "$etcd_at" >confd/confd.toml
	cat >confd/conf.d/app.toml <<-T
		[template]
		src = "app.tmpl"
		dest = "$PWD/app.conf"
		prefix = "/shop"
		keys = ["/db"]
		mode = "0600"
		check_cmd = "grep -q host {{ .src }}"
		reload_cmd = "cp {{.dest}} $PWD/reloaded"
	T
	printf 'host={{getv "/db/host"}}\n{{range gets "/db/*"}}{{.Key}}={{.Value}}\n{{end}}' >confd/templates/app.tmpl
	put_raw() { curl -fsS -o /dev/null "$etcd_at/v3/kv/put" -d "{\"key\":\"$(printf %s "$1" | base64)\",\"value\":\"$(printf %s "$2" | base64)\"}"; }
	put_raw /shop/db/host one
	put_raw /shop/db/port 80
	run -0 fettle config import confd --out agent.yaml
	assert_has "'srv_domain' has no counterpart"
	run -0 fettle config render agent.yaml
	[ "$(cat app.conf)" = $'host=one\n/db/host=one\n/db/port=80' ]
	[ "$(stat -c %a app.conf)" = 600 ]
	cmp app.conf reloaded
	run -5 fettle config import confd --out agent.yaml
	run -0 fettle config import confd/conf.d/app.toml
	assert_has "from: confd/templates/app.tmpl"
	assert_has "etcd://127.0.0.1:2379//shop"
}

@test "import: consul-template in HCL and JSON" {
	printf '[[ key "app/host" ]]\n' >app.ctmpl
	cat >ct.hcl <<-H
		# one
		consul {
		  address = "https://consul.example:8501"
		  token   = "s3cr3t"
		}
		pid_file = "/run/x"
		wait { min = "2s" max = "10s" }
		template {
		  source      = "app.ctmpl"
		  destination = "/etc/app/app.conf"
		  perms       = 0640
		  command     = "systemctl reload app"
		  left_delimiter = "[["
		  right_delimiter = "]]"
		}
		template {
		  contents = <<EOT
		{{ with secret "kv/app" }}{{ .Data.x }}{{ end }}
		EOT
		  destination = "/etc/app/app.conf"
		  exec { command = ["app", "-r"] timeout = "5s" }
		}
	H
	run -0 --separate-stderr fettle config import ct.hcl
	assert_lacks s3cr3t
	run -0 fettle config import ct.hcl
	assert_lacks s3cr3t
	assert_has "url: consuls://consul.example:8501"
	assert_has "tokenFile: consul.token"
	assert_has "'pid_file' has no counterpart"
	assert_has 'mode: "0640"'
	assert_has "systemctl reload app"
	assert_has "app-conf-2:"
	assert_has "url: vaults://127.0.0.1:8200/kv"
	printf '{"template": {"source": "app.ctmpl", "destination": "out", "perms": "0600"}}' >ct.json
	run -0 fettle config import ct.json
	assert_has 'mode: "0600"'
	printf 'template {\n source = 1x\n}' >bad.hcl
	run -2 fettle config import bad.hcl
	assert_has "bad.hcl:2:11"
	run -3 fettle config import nothing.hcl
}

module fettle.dev/rig/kube/tool

go 1.24.0

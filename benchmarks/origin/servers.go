package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// A peer is a server that can be measured.
type peer struct {
	name, title string
	start       func(ctx context.Context, b *bench, name string) (*process, error)
}

func (p peer) id() string { return p.name }

// peers are all of them; Plinth comes first, because some send its headers.
var peers = []peer{
	{"plinth", "**Plinth**", startPlinth},
	{"servecontent", "Go, `http.ServeContent` of an opened file", standard("servecontent", false)},
	{"servecontent-headers", "the same with Plinth's headers", standard("servecontent", true)},
	{"fileserver", "Go, `http.FileServer`", standard("fileserver", false)},
	{"nginx", "nginx", nginx(false, false)},
	{"nginx-nopush", "nginx with `tcp_nopush`", nginx(true, false)},
	{"nginx-headers", "nginx with Plinth's headers", nginx(false, true)},
	{"caddy", "Caddy " + caddyVersion, startCaddy},
}

// startPlinth runs the origin, and notes which headers it sends that file servers don't.
func startPlinth(ctx context.Context, b *bench, name string) (*process, error) {
	p, err := b.origin(ctx, name)
	if err == nil {
		b.headers, err = b.extra(ctx, p.url+b.files["4k"].path)
	}
	return p, err
}

// origin runs Plinth's origin without a line of log for each request, as the others.
func (b *bench) origin(ctx context.Context, name string, settings ...string) (*process, error) {
	help, err := exec.CommandContext(ctx, b.plinth, "origin", "--help").Output()
	if err != nil {
		return nil, fmt.Errorf("%s origin --help: %w", b.plinth, err)
	}
	command := append([]string{b.plinth, "origin", "--data", b.at("data"), "--listen", "127.0.0.1:0"}, settings...)
	if strings.Contains(string(help), "--no-access-log") {
		command = append(command, "--no-access-log")
	}
	return b.spawn(ctx, name, "", command...)
}

// standard runs this program as a file server of the standard library.
func standard(kind string, headers bool) func(context.Context, *bench, string) (*process, error) {
	return func(ctx context.Context, b *bench, name string) (*process, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		command := []string{self, "serve", kind, b.www()}
		if headers {
			if b.headers == nil {
				return nil, fmt.Errorf("%s needs plinth among -servers, for its headers", name)
			}
			command = append(command, b.headers...)
		}
		return b.spawn(ctx, name, "", command...)
	}
}

// caddyVersion is what is built.
const caddyVersion = "v2.11.9"

const caddyfile = `{
	admin off
	auto_https off
	persist_config off
}
http://%s {
	root * %q
	file_server
}
`

func startCaddy(ctx context.Context, b *bench, name string) (*process, error) {
	if b.caddy == "" {
		cmd := exec.CommandContext(ctx, "go", "install", "github.com/caddyserver/caddy/v2/cmd/caddy@"+caddyVersion)
		cmd.Env = append(os.Environ(), "GOBIN="+b.tmp, "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w: build Caddy: %w: %s", errLeftOut, err, out[max(0, len(out)-400):])
		}
		b.caddy = b.at("caddy")
	}
	address, err := free()
	if err != nil {
		return nil, err
	}
	config := b.at("Caddyfile")
	if err := os.WriteFile(config, fmt.Appendf(nil, caddyfile, address, b.www()), 0o644); err != nil {
		return nil, err
	}
	return b.spawn(ctx, name, address, b.caddy, "run", "--config", config, "--adapter", "caddyfile")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// errLeftOut is a server that is not here.
var errLeftOut = errors.New("left out")

// config is a tuned nginx: it keeps files open, writes no log of requests and never
// closes a connection.
const config = `%[1]sdaemon off;
pid %[2]s/%[8]s.pid;
worker_processes %[3]d;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[2]s/body;
	proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi;
	scgi_temp_path %[2]s/scgi;
	sendfile on;
	tcp_nopush %[4]s;
	keepalive_requests 1000000000;
	keepalive_timeout 1h;
	open_file_cache max=1000 inactive=1h;
	open_file_cache_valid 1h;
	etag on;
	server_tokens off;
	types { model/gltf-binary glb; }
	server {
		listen %[5]s;
		root %[6]s;
%[7]s	}
}
`

// nginx runs nginx with or without tcp_nopush and Plinth's headers.
func nginx(nopush, headers bool) func(context.Context, *bench, string) (*process, error) {
	return func(ctx context.Context, b *bench, name string) (*process, error) {
		binary, err := exec.LookPath("nginx")
		if err != nil {
			binary = "/usr/sbin/nginx" // where Debian has it, which is on few paths
		}
		if _, err := os.Stat(binary); err != nil {
			return nil, fmt.Errorf("%w: no nginx is here (Debian's package nginx): %w", errLeftOut, err)
		}
		added := ""
		if headers {
			if added, err = directives(b.headers); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		address, err := free()
		if err != nil {
			return nil, err
		}
		user, push := "", "off"
		if os.Getuid() == 0 {
			user = "user root;\n" // else its workers could not read the temporary folder
		}
		if nopush {
			push = "on"
		}
		file := b.at(name + ".conf")
		if err := os.WriteFile(file, fmt.Appendf(nil, config, user, b.tmp, b.procs, push, address, b.www(), added, name), 0o644); err != nil {
			return nil, err
		}
		return b.spawn(ctx, name, address, binary, "-e", "stderr", "-p", b.tmp, "-c", file)
	}
}

// directives are lines of nginx that add headers.
func directives(headers []string) (string, error) {
	if headers == nil {
		return "", errors.New("it needs plinth among -servers, for its headers")
	}
	var out strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for pair := range slices.Chunk(headers, 2) {
		if strings.Contains(pair[1], "$") {
			return "", fmt.Errorf("a header of nginx can't hold the $ of %q", pair[1])
		}
		fmt.Fprintf(&out, "\t\tadd_header %s \"%s\";\n", pair[0], escape.Replace(pair[1]))
	}
	return out.String(), nil
}

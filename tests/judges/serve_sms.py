"""A gateway for SMS over HTTP that tells what it was asked, and answers what it is told to.

Usage: serve_sms.py STATUS BODY [--port PORT] [--certificate FILE --key FILE]

STATUS may be `hang`. Writes a line of JSON with its port, then one for each request, read with Python's own
parsers, and serves until its standard input ends.
"""

import argparse
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse


class Gateway(http.server.BaseHTTPRequestHandler):
    """Answers each request alike."""

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        kind = self.headers.get("Content-Type", "")
        form = urllib.parse.parse_qs(body) if "form" in kind else None
        line = json.dumps({"method": self.command, "path": url.path,
                           "query": urllib.parse.parse_qs(url.query),
                           "json": json.loads(body) if "json" in kind else None, "form": form,
                           "authorization": self.headers.get("Authorization")})
        # Requests come at a time: the line and its end are written in one go.
        print(line + "\n", end="", flush=True)
        if OPTIONS.status == "hang":
            time.sleep(3600)
        body = OPTIONS.body.encode()
        self.send_response(int(OPTIONS.status))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_arguments):
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("status")
    parser.add_argument("body")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    OPTIONS = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", OPTIONS.port), Gateway)
    server.daemon_threads = True
    if OPTIONS.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(OPTIONS.certificate, OPTIONS.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()

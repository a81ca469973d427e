"""Says what an OpenID Connect provider says of itself, over HTTPS, and does wrong what it is told: CERTIFICATE KEY [FAULT].

The first line on standard output has the port. It serves until standard input is closed.
"""

import email.utils
import http.server
import json
import ssl
import sys
import threading
import time

# The key of RFC 7517, appendix A.1: nobody logs in here.
KEY = {"kty": "EC", "crv": "P-256", "kid": "one", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
       "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}

certificate, key, fault = (*sys.argv[1:], "")[:3]


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers what is asked before anybody logs in."""

    def log_message(self, *_):
        """Says nothing."""

    def date_time_string(self, timestamp=None):
        """The clock is wrong by a quarter of an hour where it is to be."""
        return email.utils.formatdate(time.time() + (900 if fault == "clock" else 0), usegmt=True)

    def document(self):
        """What it says of itself."""
        issuer = f"https://localhost:{self.server.server_port}"
        said = {
            "issuer": issuer, "authorization_endpoint": f"{issuer}/auth", "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys", "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["ES256"], "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "fiscalNumber"], "scopes_supported": ["openid", "profile"],
        }
        changes = {"issuer": {"issuer": f"{issuer}/realm"}, "pkce": {"code_challenge_methods_supported": ["plain"]},
                   "claim": {"claims_supported": ["sub"]}, "scope": {"scopes_supported": ["openid"]},
                   "clear": {"token_endpoint": "http://localhost/token"}}
        return {**said, **changes.get(fault, {})}

    def do_GET(self):  # noqa: N802
        """One document or the other."""
        if self.path == "/.well-known/openid-configuration":
            status = {"redirect": 302, "missing": 404}.get(fault, 200)
            body = b"<html>" if fault == "garbage" else json.dumps(self.document()).encode()
        elif self.path == "/keys":
            status, body = 200, json.dumps({"keys": [] if fault == "keys" else [KEY]}).encode()
        else:
            status, body = 404, b""
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "https://elsewhere.example.org/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_port}), flush=True)
sys.stdin.read()

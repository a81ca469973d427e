"""A mail server (aiosmtpd) that takes messages, or refuses them in the ways that servers do.

Usage: serve_smtp.py SECURITY [FAULT] [--port PORT] [--certificate FILE --key FILE] [--password TEXT]

SECURITY is `plain`, `starttls` (nothing goes before it) or `tls`; with `--password` the user `esito` has to log
in. FAULT is `STAGE:ANSWER[:TIMES]`: STAGE is mail, rcpt or data; ANSWER is a reply such as `451 4.3.0 later`, or
`hang`, or `cut`; after TIMES it works. Writes a line of JSON with its port, then one for each message that it
took, and serves until its standard input ends.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import AuthResult, SMTP


def say(value):
    """One line for the test."""
    print(json.dumps(value), flush=True)


class Handler:
    """Takes messages, or commits the fault."""

    def __init__(self, fault):
        self.stage, self.answer, times, *_ = fault.split(":") + ["", "", ""]
        self.times = int(times or 1_000_000)

    async def fault(self, server, stage, **more):
        """The reply of the fault, if it is time for it."""
        if stage != self.stage or self.times == 0:
            return None
        self.times -= 1
        say({"fault": stage, **more})
        if self.answer == "hang":
            await asyncio.sleep(3600)
        if self.answer == "cut":
            server.transport.abort()
            await asyncio.sleep(3600)
        return self.answer

    async def handle_MAIL(self, server, session, envelope, address, options):
        if reply := await self.fault(server, "mail"):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if reply := await self.fault(server, "rcpt"):
            return reply.replace("ADDRESS", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        if reply := await self.fault(server, "data", message_id=str(message["Message-ID"])):
            return reply
        plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
        say({"from": envelope.mail_from, "to": envelope.rcpt_tos, "peer": session.peer[1],
             "tls": server.transport.get_extra_info("ssl_object") is not None, "user": session.auth_data,
             "headers": [[name, str(value)] for name, value in message.items()],
             "raw_is_ascii": envelope.original_content.isascii(),
             "type": message.get_content_type(),
             "text": plain.get_content() if plain else None,
             "html": html.get_content() if html else None,
             "defects": [type(defect).__name__ for defect in message.defects]})
        return "250 OK"


async def main(options):
    """Serves until the standard input ends."""
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)

    def authenticate(_server, _session, _envelope, _mechanism, data):
        good = data.login == b"esito" and data.password == options.password.encode()
        if good:
            return AuthResult(success=True, auth_data="esito")
        # Without `handled`, aiosmtpd itself answers 535.
        return AuthResult(success=False, handled=False)

    handler = Handler(options.fault)

    def protocol():
        starttls = options.security == "starttls"
        return SMTP(handler, hostname="fixture.test", enable_SMTPUTF8=True,
                    tls_context=context if starttls else None, require_starttls=starttls,
                    authenticator=authenticate if options.password else None,
                    auth_required=bool(options.password), auth_require_tls=options.security == "starttls")

    wrap = context if options.security == "tls" else None
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", options.port, ssl=wrap)
    say({"port": server.sockets[0].getsockname()[1]})
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("security", choices=["plain", "starttls", "tls"])
    parser.add_argument("fault", nargs="?", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--password", default="")
    asyncio.run(main(parser.parse_args()))

"""Stands between our own host and the sandbox, and records what goes through."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Recorder:
    """A proxy for the origin of this URL."""

    def __init__(self, url):
        self.origin = urlsplit(url).netloc
        self.recorded = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                connection = http.client.HTTPConnection(recorder.origin, timeout=60)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body or None)
                response = connection.getresponse()
                content = response.read()
                request = {"method": self.command, "url": f"http://{recorder.address}{self.path}", "body": body.decode()}
                headers = response.getheaders()
                recorder.recorded.append(
                    {"request": request, "response": {"status": response.status, "headers": headers, "body": content.decode()}}
                )
                connection.close()
                self.send_response_only(response.status)
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def in_place_of_origin(self, text):
        """The text with the address of this proxy."""
        return text.replace(self.origin, self.address)

    def clear(self):
        self.recorded = []

    def exchanges(self):
        """The requests and responses since the last `clear`, in their order."""
        return list(self.recorded)
